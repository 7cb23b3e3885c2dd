#include "reconciler/cli/secret_place.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temp_dir.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;

class SecretPlace : public ::testing::Test {
 protected:
  SecretPlace() {
    fs::create_directories(bucket_.secrets());
    fs::create_directories(handed_);
    ::setenv("CREDENTIALS_DIRECTORY", handed_.c_str(), 1);
  }
  ~SecretPlace() override { ::unsetenv("CREDENTIALS_DIRECTORY"); }
  static void put(const fs::path& file) { std::ofstream(file) << "x"; }

  TempDir directory_;
  Bucket bucket_{directory_.path() / "bucket", {}};
  const fs::path handed_ = directory_.path() / "handed";
};

TEST_F(SecretPlace, IsTheBucketsOwnBeforeWhatIsHandedOver) {
  struct Row {
    const char* name;
    bool own, handed;
    fs::path expected;
  };
  const Row table[] = {{"own", true, false, bucket_.secrets() / "own"},
                       {"handed", false, true, handed_ / "handed"},
                       {"both", true, true, bucket_.secrets() / "both"},
                       {"none", false, false, bucket_.secrets() / "none"}};
  for (const Row& row : table) {
    if (row.own) put(bucket_.secrets() / row.name);
    if (row.handed) put(handed_ / row.name);
    EXPECT_EQ(secret_place(bucket_, row.name), row.expected);
  }
}

TEST_F(SecretPlace, IsTheBucketsOwnWhenNothingIsHandedOver) {
  put(handed_ / "worker.key");
  for (const char* directory : {"", "handed", "./handed"}) {
    ::setenv("CREDENTIALS_DIRECTORY", directory, 1);
    EXPECT_EQ(secret_place(bucket_, "worker.key"), bucket_.secrets() / "worker.key") << directory;
  }
  ::unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_EQ(secret_place(bucket_, "worker.key"), bucket_.secrets() / "worker.key");
}

}  // namespace
}  // namespace maand::testing
