#include "reconciler/cli/file_follower.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace maand {
namespace {

namespace fs = std::filesystem;

class FileFollowerTest : public ::testing::Test {
 protected:
  void append(const std::string& text) { std::ofstream(file_, std::ios::app) << text; }
  std::string fresh() {
    std::string out;
    follower_.read_new([&](std::string_view bytes) { out += bytes; });
    return out;
  }

  const TempDir directory_;
  const fs::path file_ = directory_.path() / "api@10.0.0.1.log";
  FileFollower follower_{file_};
};

TEST_F(FileFollowerTest, GivesEveryByteOnce) {
  EXPECT_EQ(fresh(), "") << "not there yet";
  append("one\n");
  EXPECT_EQ(fresh(), "one\n");
  EXPECT_EQ(fresh(), "");
  append("two\nthr");
  append("ee\n");
  EXPECT_EQ(fresh(), "two\nthree\n");
}

TEST_F(FileFollowerTest, FinishesARotatedFileBeforeTheNewOne) {
  append("one\n");
  EXPECT_EQ(fresh(), "one\n");
  append("last of the old\n");
  fs::rename(file_, directory_.path() / "api@10.0.0.1.log.1");
  append("first of the new\n");
  EXPECT_EQ(fresh(), "last of the old\nfirst of the new\n");
  append("more\n");
  EXPECT_EQ(fresh(), "more\n");
}

TEST_F(FileFollowerTest, BeginsAgainWhenTheFileWasCutShort) {
  append("a long line\n");
  EXPECT_EQ(fresh(), "a long line\n");
  std::ofstream(file_, std::ios::trunc) << "new\n";
  EXPECT_EQ(fresh(), "new\n");
}

}  // namespace
}  // namespace maand
