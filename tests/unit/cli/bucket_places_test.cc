// Which buckets a daemon of several serves.
#include "reconciler/cli/bucket_places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/cli/context.h"
#include "tests/support/process.h"

namespace maand::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BucketPlacesTest : public ::testing::Test {
 protected:
  std::string place(const std::string& name) const { return (root() / name).string(); }
  std::string bucket(const std::string& name) const {
    std::filesystem::create_directories(root() / name);
    write_file(root() / name / "maand.conf", "");
    return place(name);
  }
  std::filesystem::path root() const { return std::filesystem::canonical(directory_.path()); }
  TempDirectory directory_{"maand-places"};
};

TEST_F(BucketPlacesTest, EveryDirectoryWithAMaandConfIsOneInOrder) {
  const std::string prod = bucket("prod");
  const std::string lab = bucket("lab");
  bucket(".hidden");
  std::filesystem::create_directory(root() / "notes");
  write_file(root() / "notes" / "todo.txt", "");
  write_file(root() / "maand.conf.old", "");
  const BucketPlaces found = bucket_places({}, root().string());
  EXPECT_THAT(found.directories, ElementsAre(lab, prod));
  EXPECT_THAT(found.remarks, IsEmpty());
}

TEST_F(BucketPlacesTest, OneThatIsNamedTwiceOrReachedOverALinkCountsOnce) {
  const std::string prod = bucket("prod");
  const std::string lab = bucket("lab");
  std::filesystem::create_symlink(prod, root() / "also");
  const BucketPlaces found = bucket_places({prod + "/", prod + "/../lab"}, root().string());
  EXPECT_THAT(found.directories, ElementsAre(prod, lab));
  EXPECT_THAT(found.remarks,
              ElementsAre(HasSubstr(place("also") + " is " + prod), HasSubstr(lab), HasSubstr(prod)));
}

TEST_F(BucketPlacesTest, ANamedOneIsServedOnceItIsThere) {
  EXPECT_THAT(bucket_places({place("not-yet")}, "").directories, ElementsAre(place("not-yet")));
}

TEST_F(BucketPlacesTest, AParentThatCannotBeReadIsAnErrorThatSaysWhatToDo) {
  try {
    bucket_places({}, place("missing"));
    FAIL() << "nothing was said";
  } catch (const CommandError& error) {
    EXPECT_EQ(error.status(), kExitUsage);
    EXPECT_THAT(error.what(), HasSubstr("--buckets " + place("missing") + " cannot be read"));
  }
}

TEST(RetryAfter, DoublesFromASecondToFiveMinutes) {
  std::vector<std::int64_t> seconds;
  for (const unsigned failures : {0U, 1U, 2U, 3U, 8U, 9U, 10U, 1000U})
    seconds.push_back(retry_after(failures).count());
  EXPECT_THAT(seconds, ElementsAre(1, 1, 2, 4, 128, 256, 300, 300));
}

}  // namespace
}  // namespace maand::testing
