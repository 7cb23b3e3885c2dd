#include "reconciler/store/secret_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "reconciler/core/ports.h"
#include "tests/support/small_disk.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class SecretKeyTest : public testing::Test {
 protected:
  fs::path path() const { return directory_.path() / "kv.key"; }
  void lay(const std::string& bytes, mode_t mode = 0600) {
    std::ofstream(path(), std::ios::binary) << bytes;
    ASSERT_EQ(::chmod(path().c_str(), mode), 0);
  }
  std::string bytes() const {
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  TempDir directory_;
};

TEST_F(SecretKeyTest, A_missing_key_is_told_apart_from_a_bad_one) {
  const SecretKeyFile read = read_secret_key(path());
  EXPECT_TRUE(read.missing);
  EXPECT_FALSE(read.key);
  EXPECT_THAT(read.problem, HasSubstr(path().string() + " is missing"));
}

TEST_F(SecretKeyTest, Exactly_32_raw_bytes_of_any_kind_are_a_key) {
  const std::string raw = std::string("\0\n \xff", 4) + std::string(27, 'k') + "\n";
  const struct {
    std::string content;
    bool accepted;
  } table[] = {{"", false},         {raw.substr(1), false},        {raw, true},
               {raw + "\n", false}, {std::string(64, 'a'), false}, {std::string(5000, 'a'), false}};
  for (const auto& row : table) {
    lay(row.content);
    const SecretKeyFile read = read_secret_key(path());
    EXPECT_EQ(read.key.has_value(), row.accepted) << row.content.size() << ": " << read.problem;
    EXPECT_FALSE(read.missing);
    if (!row.accepted) {
      EXPECT_THAT(read.problem, HasSubstr("32 bytes"));
    }
  }
}

TEST_F(SecretKeyTest, A_key_that_others_may_use_is_refused_with_the_command_that_helps) {
  const struct {
    mode_t mode;
    bool accepted;
  } table[] = {{0600, true},  {0400, true},  {0700, true},  {0640, false}, {0620, false},
               {0604, false}, {0602, false}, {0644, false}, {0666, false}};
  for (const auto& row : table) {
    lay(std::string(32, 'k'), row.mode);
    const SecretKeyFile read = read_secret_key(path());
    EXPECT_EQ(read.key.has_value(), row.accepted) << std::oct << row.mode;
    if (!row.accepted) {
      EXPECT_THAT(read.problem, HasSubstr("chmod 600 " + path().string()));
    }
  }
}

TEST_F(SecretKeyTest, What_is_no_file_is_refused_without_waiting_for_it) {
  fs::create_directory(path());
  EXPECT_THAT(read_secret_key(path()).problem, HasSubstr("no regular file"));
  fs::remove(path());
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_THAT(read_secret_key(path()).problem, HasSubstr("no regular file"));
}

TEST_F(SecretKeyTest, A_link_to_a_mounted_key_is_followed_and_a_dangling_one_is_missing) {
  fs::create_symlink(directory_.path() / "mounted", path());
  EXPECT_TRUE(read_secret_key(path()).missing);
  std::ofstream(directory_.path() / "mounted") << std::string(32, 'k');
  ASSERT_EQ(::chmod((directory_.path() / "mounted").c_str(), 0400), 0);
  EXPECT_TRUE(read_secret_key(path()).key);
}

TEST_F(SecretKeyTest, A_new_key_is_private_whatever_the_umask_and_is_never_replaced) {
  const mode_t before = ::umask(0);
  create_secret_key(path());
  ::umask(before);
  struct stat info {};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
  EXPECT_TRUE(read_secret_key(path()).key);
  const std::string first = bytes();
  EXPECT_EQ(first.size(), kSecretKeyBytes);
  create_secret_key(path());
  EXPECT_EQ(bytes(), first);
}

TEST_F(SecretKeyTest, Two_new_keys_differ) {
  create_secret_key(path());
  const std::string first = bytes();
  fs::remove(path());
  create_secret_key(path());
  EXPECT_NE(bytes(), first);
  EXPECT_NE(fresh_nonce(), fresh_nonce());
}

TEST_F(SecretKeyTest, Making_a_key_tidies_up_what_a_crash_left) {
  std::ofstream(path().string() + ".new") << "half";
  create_secret_key(path());
  EXPECT_TRUE(read_secret_key(path()).key);
  EXPECT_FALSE(fs::exists(path().string() + ".new"));
}

TEST_F(SecretKeyTest, A_full_disk_leaves_no_key_and_no_part_of_one) {
  SmallDisk disk("size=64k");
  disk.fill();
  EXPECT_THROW(create_secret_key(disk.path() / "kv.key"), StoreError);
  EXPECT_TRUE(read_secret_key(disk.path() / "kv.key").missing);
  EXPECT_FALSE(fs::exists(disk.path() / "kv.key.new"));
  disk.empty();
  create_secret_key(disk.path() / "kv.key");
  EXPECT_TRUE(read_secret_key(disk.path() / "kv.key").key);
}

TEST_F(SecretKeyTest, A_dangling_link_is_not_written_through) {
  fs::create_symlink(directory_.path() / "elsewhere", path());
  create_secret_key(path());
  EXPECT_FALSE(fs::exists(directory_.path() / "elsewhere"));
  EXPECT_TRUE(read_secret_key(path()).missing);
}

TEST_F(SecretKeyTest, A_directory_that_is_missing_is_named) {
  try {
    create_secret_key(directory_.path() / "secrets" / "kv.key");
    ADD_FAILURE() << "no StoreError";
  } catch (const StoreError& error) {
    EXPECT_THAT(error.what(), HasSubstr("secrets/kv.key"));
  }
}

}  // namespace
}  // namespace maand
