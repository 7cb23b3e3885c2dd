// A new key for the secrets at rest: what it changes, and that nothing is lost wherever it ends.
#include "reconciler/store/key_rotation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <string>

#include "reconciler/core/ports.h"
#include "reconciler/core/secret_box.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

namespace fs = std::filesystem;
using Kind = ValueChange::Kind;
using testing::HasSubstr;

constexpr char kSecrets[] = "secrets/job/api";

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const fs::path& at, const std::string& key, const std::string& value) {
  const ValueWrite verdict = open_kv_store(at)->write({{Kind::kPutSecret, kSecrets, key, value}}, WallTime());
  ASSERT_EQ(verdict.refusal, ValueRefusal::kNone) << verdict.problem;
}

std::string opened(Values& values, const StoredValue& stored) {
  const RevealedSecret revealed = values.reveal(stored);
  return revealed.state == RevealedSecret::State::kOpened ? revealed.text : "(" + revealed.problem + ")";
}
std::string value_of(Values& values, const std::string& key) {
  const ValueSnapshotPtr now = values.snapshot();
  const ValueLookup found = now->find(kSecrets, key);
  return found.value ? opened(values, *found.value) : "(none)";
}

class KeyRotationTest : public testing::Test {
 protected:
  const fs::path& at() const { return directory_.path(); }
  fs::path key() const { return at() / kSecretKeyFile; }
  fs::path beside(const char* end) const { return key().string() + end; }
  TempDir directory_;
};

TEST_F(KeyRotationTest, EveryVersionIsSealedAnewAndTheKeyBeforeIsGone) {
  put(at(), "token", "one");
  put(at(), "token", "two");
  put(at(), "other", "three");
  open_kv_store(at())->write({{Kind::kPut, "vars/job/api", "plain", "text"}}, WallTime());
  const std::string before = bytes_of(key());
  const auto store = open_kv_store(at());
  const std::string sealed = store->snapshot()->find(kSecrets, "token").value->value;

  const KeyRotation done = rotate_secret_key(at());
  EXPECT_EQ(done.problem, "");
  EXPECT_EQ(done.sealed_anew, 3u);
  EXPECT_EQ(done.left_alone, 0u);
  EXPECT_NE(bytes_of(key()), before);
  EXPECT_EQ(bytes_of(key()).size(), kSecretKeyBytes);
  EXPECT_FALSE(fs::exists(beside(".next")));
  for (const auto& entry : fs::directory_iterator(at())) {
    EXPECT_EQ(bytes_of(entry.path()).find(before), std::string::npos) << entry.path();
    struct stat info {};
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 077, 0u) << entry.path();
  }
  EXPECT_NE(store->snapshot()->find(kSecrets, "token").value->value, sealed);
  const std::vector<StoredValue> history = store->history(kSecrets, "token");
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(opened(*store, history[0]), "two");
  EXPECT_EQ(opened(*store, history[1]), "one");
  EXPECT_EQ(history[1].version, 1);
  EXPECT_EQ(value_of(*store, "other"), "three");
  EXPECT_EQ(store->snapshot()->find("vars/job/api", "plain").value->value, "text");
}

TEST_F(KeyRotationTest, WhoUsesTheStoreMeanwhileReadsAndWritesOn) {
  put(at(), "token", "one");
  const auto daemon = open_kv_store(at());
  const auto reader = open_kv_store_readonly(at());
  const ValueSnapshotPtr held = daemon->snapshot();
  const ValueSnapshotPtr read = reader->snapshot();
  for (int i = 0; i < 3; ++i) {
    const ValueSnapshotPtr last = daemon->snapshot();
    ASSERT_EQ(rotate_secret_key(at()).problem, "");
    EXPECT_EQ(opened(*daemon, *last->find(kSecrets, "token").value), "one") << "a snapshot from before";
    if (i == 0) {
      EXPECT_EQ(opened(*reader, *read->find(kSecrets, "token").value), "one");
    }
    EXPECT_EQ(value_of(*daemon, "token"), "one");
    EXPECT_EQ(value_of(*reader, "token"), "one");
    const std::string key = "k" + std::to_string(i);
    EXPECT_EQ(daemon->write({{Kind::kPutSecret, kSecrets, key, key}}, WallTime()).refusal,
              ValueRefusal::kNone);
    EXPECT_EQ(value_of(*reader, key), key);
  }
  EXPECT_EQ(opened(*daemon, *held->find(kSecrets, "token").value).front(), '(') << "three keys ago";
}

// The files of both moments, put together as a crash leaves them.
TEST_F(KeyRotationTest, CutOffAnywhereItIsFinishedOrForgottenByWhoeverWritesNext) {
  put(at(), "token", "one");
  const fs::path old = at().string() + ".old";
  fs::copy(at(), old);
  ASSERT_EQ(rotate_secret_key(at()).problem, "");
  const fs::path fresh = at().string() + ".fresh";
  fs::copy(at(), fresh);

  const struct {
    const char* what;
    fs::path database, key, next, previous;  // from where; empty: there is none
    std::string key_after;
  } table[] = {
      {"before anything", old, old, {}, {}, bytes_of(old / kSecretKeyFile)},
      {"the key is made, nothing is durable", old, old, fresh, {}, bytes_of(old / kSecretKeyFile)},
      {"so is the old one, sealed", old, old, fresh, fresh, bytes_of(old / kSecretKeyFile)},
      {"durable, not renamed", fresh, old, fresh, fresh, bytes_of(fresh / kSecretKeyFile)},
      {"durable, not renamed, and kv.key is lost", fresh, {}, fresh, fresh, bytes_of(fresh / kSecretKeyFile)},
      {"done", fresh, fresh, {}, fresh, bytes_of(fresh / kSecretKeyFile)},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.what);
    TempDir directory;
    const fs::path& here = directory.path();
    const fs::path lies = here / kSecretKeyFile;
    fs::copy_file(row.database / kKvFile, here / kKvFile);
    if (!row.key.empty()) fs::copy_file(row.key / kSecretKeyFile, lies);
    if (!row.next.empty()) fs::copy_file(row.next / kSecretKeyFile, lies.string() + ".next");
    if (!row.previous.empty()) fs::copy_file(row.previous / "kv.key.previous", lies.string() + ".previous");
    EXPECT_EQ(value_of(*open_kv_store_readonly(here), "token"), "one") << "at once";
    put(here, "more", "two");
    EXPECT_EQ(bytes_of(lies), row.key_after);
    EXPECT_FALSE(fs::exists(lies.string() + ".next"));
    const auto store = open_kv_store(here);
    EXPECT_EQ(value_of(*store, "token"), "one");
    EXPECT_EQ(value_of(*store, "more"), "two");
    const KeyRotation again = rotate_secret_key(here);
    EXPECT_EQ(again.sealed_anew, 2u) << again.problem;
    EXPECT_EQ(value_of(*store, "token"), "one");
  }
  fs::remove_all(old);
  fs::remove_all(fresh);
}

TEST_F(KeyRotationTest, WithoutTheRightKeyNothingIsTouched) {
  put(at(), "token", "one");
  const std::string right = bytes_of(key());
  const std::string database = bytes_of(at() / kKvFile);
  fs::remove(key());
  EXPECT_THAT(rotate_secret_key(at()).problem, HasSubstr("is missing"));
  std::ofstream(key(), std::ios::binary) << std::string(kSecretKeyBytes, 'x');
  ASSERT_EQ(::chmod(key().c_str(), 0600), 0);
  EXPECT_THAT(rotate_secret_key(at()).problem, HasSubstr("is not the key"));
  EXPECT_EQ(bytes_of(key()), std::string(kSecretKeyBytes, 'x'));
  std::ofstream(key(), std::ios::binary) << right;
  EXPECT_EQ(value_of(*open_kv_store(at()), "token"), "one");
  EXPECT_EQ(rotate_secret_key(at()).sealed_anew, 1u);
}

TEST_F(KeyRotationTest, WithoutASecretThereIsNothingToDo) {
  EXPECT_EQ(rotate_secret_key(at()).sealed_anew, 0u);
  EXPECT_FALSE(fs::exists(at() / kKvFile));
  open_kv_store(at())->write({{Kind::kPut, "vars/job/api", "plain", "text"}}, WallTime());
  EXPECT_EQ(rotate_secret_key(at()).sealed_anew, 0u);
  EXPECT_FALSE(fs::exists(key()));
}

}  // namespace
}  // namespace maand
