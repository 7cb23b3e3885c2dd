#include "reconciler/store/bucket_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <optional>

#include "reconciler/core/ports.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

using testing::HasSubstr;

TEST(BucketLock, A_second_one_is_refused_and_names_the_pid_of_the_first) {
  TempDir data;
  const BucketLock first(data.path());
  try {
    const BucketLock second(data.path());
    FAIL() << "both have the bucket";
  } catch (const BucketBusy& busy) {
    EXPECT_EQ(busy.pid(), ::getpid());
    EXPECT_THAT(busy.what(), HasSubstr("pid " + std::to_string(::getpid())));
    EXPECT_THAT(busy.what(), HasSubstr((data.path() / "lock").string()));
  }
}

TEST(BucketLock, Ends_with_its_owner_and_a_file_left_behind_means_nothing) {
  TempDir data;
  std::ofstream(data.path() / "lock") << "1\n";  // pid 1 certainly lives
  { const BucketLock first(data.path()); }
  const BucketLock second(data.path());
}

TEST(BucketLock, Ends_when_its_owner_is_killed) {
  TempDir data;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const BucketLock lock(data.path());
    char byte = 'x';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  try {
    const BucketLock mine(data.path());
    ADD_FAILURE() << "both have the bucket";
  } catch (const BucketBusy& busy) {
    EXPECT_EQ(busy.pid(), child);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const BucketLock mine(data.path());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(BucketLock, The_file_is_private_and_a_symlink_is_not_followed) {
  TempDir data;
  {
    const BucketLock lock(data.path());
    struct stat info {};
    ASSERT_EQ(::stat((data.path() / "lock").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777u, 0600u);
  }
  std::filesystem::remove(data.path() / "lock");
  std::filesystem::create_symlink(data.path() / "elsewhere", data.path() / "lock");
  EXPECT_THROW(BucketLock{data.path()}, StoreError);
  EXPECT_FALSE(std::filesystem::exists(data.path() / "elsewhere"));
}

}  // namespace
}  // namespace maand
