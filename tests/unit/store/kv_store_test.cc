// What only the real store of variables can do wrong: disks, modes, locks, other
// files, other processes.
#include "reconciler/store/kv_store.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Transaction.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "reconciler/core/ports.h"
#include "reconciler/store/migrations.h"
#include "reconciler/store/state_store.h"
#include "tests/support/small_disk.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using Kind = ValueChange::Kind;

template <class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const StoreError& error) {
    return error.what();
  }
  return "(no StoreError)";
}

unsigned mode_of(const fs::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777u : 0u;
}

ValueWrite put(Values& values, const std::string& value) {
  return values.write({{Kind::kPut, "vars/job/api", "k", value}}, WallTime());
}
ValueWrite put_secret(Values& values, const std::string& value) {
  return values.write({{Kind::kPutSecret, "secrets/job/api", "k", value}}, WallTime());
}
std::string text(Values& values) {
  const ValueSnapshotPtr now = values.snapshot();
  const ValueLookup found = now->find("vars/job/api", "k");
  return found.value ? found.value->value : "(none)";
}

class KvStoreTest : public testing::Test {
 protected:
  fs::path file() const { return at() / kKvFile; }
  fs::path key() const { return at() / kSecretKeyFile; }
  const fs::path& at() const { return directory_.path(); }
  TempDir directory_;
};

TEST_F(KvStoreTest, Every_file_is_private_whatever_the_umask) {
  const mode_t before = ::umask(0);
  const auto values = open_kv_store(at());
  put_secret(*values, "s3cret");
  ::umask(before);
  for (const char* name : {"kv.db", "kv.db-wal", "kv.db-shm", "kv.key"})
    EXPECT_EQ(mode_of(at() / name), 0600u);
}

TEST_F(KvStoreTest, Plain_values_need_no_key_and_make_none) {
  const auto values = open_kv_store(at());
  EXPECT_TRUE(put(*values, "v").changed);
  EXPECT_FALSE(fs::exists(key()));
}

TEST_F(KvStoreTest, No_secret_lies_in_the_clear_in_any_file) {
  const auto values = open_kv_store(at());
  put_secret(*values, "hunter2-hunter2");
  for (const fs::directory_entry& entry : fs::directory_iterator(at())) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(bytes.find("hunter2"), std::string::npos) << entry.path();
  }
}

TEST_F(KvStoreTest, A_key_that_is_there_before_the_first_secret_is_used) {
  std::ofstream(key()) << std::string(32, 'k');
  fs::permissions(key(), fs::perms::owner_read);
  const auto values = open_kv_store(at());
  EXPECT_TRUE(put_secret(*values, "x").changed);
  std::ifstream in(key());
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), std::string(32, 'k'));
}

TEST_F(KvStoreTest, An_unusable_key_is_told_with_what_to_do_and_nothing_is_written) {
  std::ofstream(key()) << std::string(32, 'k');
  fs::permissions(key(), fs::perms::owner_read | fs::perms::group_read);
  const auto values = open_kv_store(at());
  const ValueWrite verdict = put_secret(*values, "x");
  EXPECT_EQ(verdict.refusal, ValueRefusal::kNoKey);
  EXPECT_THAT(verdict.problem, HasSubstr("chmod 600"));
  EXPECT_TRUE(values->snapshot()->namespaces.empty());
}

TEST_F(KvStoreTest, A_stored_secret_that_was_tampered_with_is_told) {
  auto values = open_kv_store(at());
  put_secret(*values, "x");
  const struct {
    const char* sql;
    RevealedSecret::State state;
  } table[] = {
      {"UPDATE versions SET value = 'x' WHERE secret", RevealedSecret::State::kBadFormat},
      {"UPDATE versions SET value = 'enc:v1:AA' WHERE secret", RevealedSecret::State::kBadFormat},
      {"UPDATE versions SET value = 'enc:v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==' WHERE secret",
       RevealedSecret::State::kWrongKeyOrDamaged},
  };
  for (const auto& row : table) {
    { SQLite::Database(file().string(), SQLite::OPEN_READWRITE).exec(row.sql); }
    const ValueSnapshotPtr now = values->snapshot();
    const RevealedSecret revealed = values->reveal(*now->find("secrets/job/api", "k").value);
    EXPECT_EQ(revealed.state, row.state) << row.sql;
    EXPECT_NE(revealed.problem, "");
    EXPECT_EQ(revealed.text, "");
  }
}

TEST_F(KvStoreTest, The_same_snapshot_is_given_until_something_changes) {
  const auto values = open_kv_store(at());
  put(*values, "1");
  const ValueSnapshotPtr first = values->snapshot();
  put(*values, "1");
  EXPECT_EQ(values->snapshot(), first);
  put(*values, "2");
  EXPECT_NE(values->snapshot(), first);
}

TEST_F(KvStoreTest, A_write_leaves_other_namespaces_shared) {
  const auto values = open_kv_store(at());
  values->write({{Kind::kPut, "vars/job/web", "k", "w"}}, WallTime());
  put(*values, "1");
  const ValueSnapshotPtr before = values->snapshot();
  put(*values, "2");
  EXPECT_EQ(values->snapshot()->namespaces.at("vars/job/web"), before->namespaces.at("vars/job/web"));
}

TEST_F(KvStoreTest, What_another_process_wrote_is_noticed_by_readers_and_writers) {
  const auto one = open_kv_store(at());
  const auto other = open_kv_store(at());
  put(*one, "1");
  EXPECT_EQ(text(*other), "1");
  put(*other, "2");
  put(*one, "3");
  EXPECT_EQ(text(*other), "3");
  EXPECT_EQ(other->history("vars/job/api", "k").size(), 3u);
  EXPECT_EQ(one->snapshot()->revision, other->snapshot()->revision);
}

TEST_F(KvStoreTest, The_revision_is_kept_over_a_restart) {
  put(*open_kv_store(at()), "1");
  put(*open_kv_store(at()), "2");
  EXPECT_EQ(open_kv_store(at())->snapshot()->revision, 2u);
}

TEST_F(KvStoreTest, A_full_disk_is_told_and_nothing_half_written_stays) {
  SmallDisk disk("size=1m");
  const auto values = open_kv_store(disk.path());
  put(*values, "before");
  disk.fill();
  const std::string large(300'000, 'v');
  EXPECT_THAT(error_of([&] { put(*values, large); }), HasSubstr((disk.path() / kKvFile).string()));
  EXPECT_THAT(error_of([&] { put(*values, large); }), HasSubstr("free space"));
  disk.empty();  // and the very same object works again
  EXPECT_EQ(text(*values), "before");
  EXPECT_TRUE(put(*values, large).changed);
  EXPECT_TRUE(put_secret(*values, "x").changed);
}

TEST_F(KvStoreTest, A_lock_of_another_process_is_told_and_heals) {
  const auto values = open_kv_store(at(), {std::chrono::milliseconds(1)});
  {
    SQLite::Database other(file().string(), SQLite::OPEN_READWRITE);
    SQLite::Transaction held(other, SQLite::TransactionBehavior::IMMEDIATE);
    EXPECT_THAT(error_of([&] { put(*values, "1"); }), HasSubstr("locked by another process"));
    EXPECT_EQ(text(*values), "(none)") << "reading goes on";
  }
  EXPECT_TRUE(put(*values, "2").changed);
}

TEST_F(KvStoreTest, A_file_that_vanished_or_was_replaced_is_refused_until_a_restart) {
  const auto values = open_kv_store(at());
  put(*values, "1");
  fs::rename(file(), at() / "elsewhere");
  EXPECT_THAT(error_of([&] { put(*values, "2"); }), HasSubstr("removed or replaced"));
  EXPECT_THAT(error_of([&] { values->snapshot(); }), HasSubstr("removed or replaced"));
  EXPECT_FALSE(fs::exists(file()));
}

TEST_F(KvStoreTest, State_and_variables_cannot_lie_in_each_others_place) {
  open_state_store(at() / "state.db");
  fs::rename(at() / "state.db", file());
  EXPECT_THAT(error_of([&] { open_kv_store(at()); }), HasSubstr("not maand's store of variables"));
  fs::remove(file());
  put(*open_kv_store(at()), "1");
  EXPECT_THAT(error_of([&] { open_state_store(file()); }), HasSubstr("not a maand state file"));
  EXPECT_EQ(text(*open_kv_store(at())), "1");
}

TEST_F(KvStoreTest, A_newer_schema_is_refused_and_left_alone) {
  open_kv_store(at());
  { SQLite::Database(file().string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99"); }
  EXPECT_THAT(error_of([&] { open_kv_store(at()); }), HasSubstr("newer maand"));
  EXPECT_THAT(error_of([&] { open_kv_store_readonly(at()); }), HasSubstr("schema 99"));
}

TEST_F(KvStoreTest, A_damaged_file_is_refused_and_says_how_to_go_on) {
  std::ofstream(file()) << std::string(8192, '?');
  EXPECT_THAT(error_of([&] { open_kv_store(at()); }), HasSubstr("maand restore"));
}

TEST_F(KvStoreTest, A_reader_sees_what_is_committed_while_the_daemon_writes_and_cannot_write) {
  const auto daemon = open_kv_store(at());
  const auto reader = open_kv_store_readonly(at());
  put_secret(*daemon, "s3cret");
  put(*daemon, "1");
  EXPECT_EQ(text(*reader), "1");
  EXPECT_EQ(reader->snapshot(), reader->snapshot());
  EXPECT_EQ(reader->reveal(*reader->snapshot()->find("secrets/job/api", "k").value).text, "s3cret");
  EXPECT_THAT(error_of([&] { put(*reader, "2"); }), HasSubstr("reading only"));
  EXPECT_THAT(error_of([&] { reader->trim(std::chrono::days(0), WallTime()); }), HasSubstr("reading only"));
}

TEST_F(KvStoreTest, A_reader_without_a_file_sees_nothing_and_makes_nothing) {
  const auto reader = open_kv_store_readonly(at());
  EXPECT_TRUE(reader->snapshot()->namespaces.empty());
  EXPECT_TRUE(reader->history("vars/job/api", "k").empty());
  EXPECT_TRUE(fs::is_empty(at()));
  put(*open_kv_store(at()), "1");
  EXPECT_EQ(text(*reader), "1");
}

TEST_F(KvStoreTest, A_directory_that_is_missing_is_named) {
  EXPECT_THAT(error_of([&] { open_kv_store(at() / "secrets"); }), HasSubstr("secrets/kv.db"));
}

}  // namespace
}  // namespace maand
