// What only the real store can do wrong: disks, modes, locks, other files.
#include "reconciler/store/state_store.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Transaction.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "reconciler/store/migrations.h"
#include "tests/support/applied_text.h"
#include "tests/support/small_disk.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const AllocationKey kApi1{JobName("api"), WorkerHost("10.0.0.1")};

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

class StateStoreTest : public testing::Test {
 protected:
  const fs::path file() const { return directory_.path() / "state.db"; }
  TempDir directory_;
};

TEST_F(StateStoreTest, The_file_and_its_log_are_private_whatever_the_umask) {
  const mode_t before = ::umask(0);
  const auto store = open_state_store(file());
  store->put_setting("a", "1");
  ::umask(before);
  EXPECT_EQ(mode_of(file()), 0600u);
  EXPECT_EQ(mode_of(file().string() + "-wal"), 0600u);
  EXPECT_EQ(mode_of(file().string() + "-shm"), 0600u);
}

TEST_F(StateStoreTest, A_file_that_others_could_read_is_made_private) {
  open_state_store(file())->put_setting("a", "1");
  fs::permissions(file(), fs::perms::owner_read | fs::perms::owner_write | fs::perms::others_read);
  const auto store = open_state_store(file());
  EXPECT_EQ(mode_of(file()), 0600u);
}

TEST_F(StateStoreTest, A_reader_that_may_not_write_beside_it_reads_what_lies_in_the_file) {
  SmallDisk disk("size=2m");
  const fs::path name = disk.path() / "st?te#1%41.db";
  open_state_store(name)->put_setting("a", "1");
  ASSERT_FALSE(fs::exists(name.string() + "-wal"));
  disk.remount(MS_RDONLY);
  EXPECT_EQ(open_state_store_readonly(name)->setting("a"), "1");
}

TEST_F(StateStoreTest, A_log_that_only_a_writer_can_read_is_told_with_what_to_do) {
  SmallDisk disk("size=4m");
  const fs::path name = disk.path() / "state.db";
  const auto writer = open_state_store(file());
  writer->put_setting("a", "1");
  for (const char* suffix : {"", "-wal"}) fs::copy_file(file().string() + suffix, name.string() + suffix);
  disk.remount(MS_RDONLY);
  EXPECT_THAT(error_of([&] { open_state_store_readonly(name)->setting("a"); }),
              testing::AllOf(HasSubstr("state.db-wal"), HasSubstr("run this as the user of the daemon")));
}

TEST_F(StateStoreTest, A_full_disk_is_told_and_nothing_half_written_stays) {
  SmallDisk disk("size=1m");
  const auto store = open_state_store(disk.path() / "state.db");
  AppliedAllocation before = sample_allocation(kApi1, 1);
  store->settle({before}, {}, 0);
  disk.fill();

  AppliedAllocation torn = before;
  torn.open = sample_operation(kApi1, 2);
  torn.open->jobs_json = std::string(300'000, 'j');
  EXPECT_THAT(error_of([&] { store->begin({torn}, 9); }), HasSubstr((disk.path() / "state.db").string()));
  EXPECT_THAT(error_of([&] { store->begin({torn}, 9); }), HasSubstr("free space"));

  disk.empty();  // and the very same object works again
  EXPECT_EQ(to_text(*store->load().find(kApi1)), to_text(before));
  store->begin({torn}, 9);
  EXPECT_EQ(to_text(*store->load().find(kApi1)), to_text(torn));
}

TEST_F(StateStoreTest, A_read_only_file_system_is_told_and_heals) {
  SmallDisk disk("size=4m");
  const fs::path path = disk.path() / "state.db";
  auto store = open_state_store(path);
  store->put_setting("a", "1");
  store.reset();  // else the open file keeps the file system writable
  disk.remount(MS_RDONLY);
  EXPECT_THAT(error_of([&] { open_state_store(path); }), HasSubstr("state.db"));
  disk.remount(0);
  EXPECT_EQ(open_state_store(path)->setting("a"), "1");
}

TEST_F(StateStoreTest, A_lock_of_another_process_is_told_and_heals) {
  const auto store = open_state_store(file(), {std::chrono::milliseconds(1)});
  {
    SQLite::Database other(file().string(), SQLite::OPEN_READWRITE);
    SQLite::Transaction held(other, SQLite::TransactionBehavior::IMMEDIATE);
    EXPECT_THAT(error_of([&] { store->put_setting("a", "1"); }), HasSubstr("locked by another process"));
  }
  store->put_setting("a", "2");
  EXPECT_EQ(store->setting("a"), "2");
}

TEST_F(StateStoreTest, A_file_that_vanished_or_was_replaced_is_refused_until_a_restart) {
  const auto store = open_state_store(file());
  store->put_setting("a", "1");
  fs::rename(file(), directory_.path() / "elsewhere");
  EXPECT_THAT(error_of([&] { store->put_setting("a", "2"); }), HasSubstr("removed or replaced"));
  EXPECT_FALSE(fs::exists(file())) << "an empty store would run every confirmed target again";
  open_state_store(file());
  EXPECT_THAT(error_of([&] { store->load(); }), HasSubstr("removed or replaced"));
}

TEST_F(StateStoreTest, A_newer_schema_is_refused_and_left_alone) {
  open_state_store(file());
  { SQLite::Database(file().string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99"); }
  EXPECT_THAT(error_of([&] { open_state_store(file()); }), HasSubstr("schema 99"));
  EXPECT_THAT(error_of([&] { open_state_store(file()); }), HasSubstr("newer maand"));
  EXPECT_THAT(error_of([&] { open_state_store_readonly(file()); }), HasSubstr("schema 99"));
}

TEST_F(StateStoreTest, A_database_of_another_program_is_refused_and_left_alone) {
  {
    SQLite::Database(file().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
        .exec("CREATE TABLE t (a)");
  }
  EXPECT_THAT(error_of([&] { open_state_store(file()); }), HasSubstr("another program"));
  SQLite::Database database(file().string());
  EXPECT_EQ(database.execAndGet("SELECT count(*) FROM sqlite_master").getInt(), 1);
}

TEST_F(StateStoreTest, Damaged_files_are_refused_and_say_how_to_go_on) {
  struct Damage {
    const char* what;
    std::function<void(const fs::path&)> apply;
  };
  const Damage table[] = {
      {"no database at all", [](const fs::path& p) { std::ofstream(p) << std::string(5000, 'x'); }},
      {"cut in the middle", [](const fs::path& p) { fs::resize_file(p, fs::file_size(p) / 2); }},
      {"a page overwritten",
       [](const fs::path& p) {
         std::fstream f(p, std::ios::in | std::ios::out | std::ios::binary);
         f.seekp(4096 * 2);
         f << std::string(4096, '\x5a');
       }},
      {"a file list changed", [](const fs::path& p) {
         SQLite::Database(p.string(), SQLite::OPEN_READWRITE)
             .exec("UPDATE file_sets SET files = replace(files, 'f 11', 'x 11')");
       }}};
  for (const Damage& damage : table) {
    SCOPED_TRACE(damage.what);
    TempDir directory;
    const fs::path path = directory.path() / "state.db";
    open_state_store(path)->settle({sample_allocation(kApi1, 1)}, {}, 0);
    damage.apply(path);
    const std::string error = error_of([&] { open_state_store(path)->load(); });
    EXPECT_THAT(error, HasSubstr("damaged"));
    EXPECT_THAT(error, HasSubstr("restore"));
  }
}

TEST_F(StateStoreTest, File_lists_are_stored_once_and_dropped_when_nothing_names_them) {
  const auto count = [&] {
    return SQLite::Database(file().string()).execAndGet("SELECT count(*) FROM file_sets").getInt();
  };
  const auto store = open_state_store(file());
  std::vector<AppliedAllocation> all;
  for (int i = 0; i < 20; ++i) {
    all.push_back(sample_allocation({JobName("api"), WorkerHost("w" + std::to_string(i))}, 1));
    all.back().before.reset();  // it names a list of its own
  }
  store->settle(all, {}, 0);
  EXPECT_EQ(count(), 1);
  for (AppliedAllocation& allocation : all) allocation.files = sample_files(2);
  store->settle(all, {}, 0);
  EXPECT_EQ(count(), 2);
  store->put_pass({});
  EXPECT_EQ(count(), 1);
}

TEST_F(StateStoreTest, Only_the_newest_passes_stay) {
  const auto store = open_state_store(file());
  { SQLite::Database(file().string(), SQLite::OPEN_READWRITE).exec("UPDATE sqlite_sequence SET seq = 0"); }
  PassRecord pass;
  pass.id = 1;
  store->put_pass(pass);
  pass.id = kKeptPasses;
  store->put_pass(pass);
  EXPECT_EQ(store->passes(10).size(), 2u);
  pass.id = 0;
  EXPECT_EQ(store->put_pass(pass), kKeptPasses + 1);
  EXPECT_EQ(store->passes(10).size(), 2u);  // pass 1 is gone
}

TEST_F(StateStoreTest, A_reader_sees_what_is_committed_while_the_daemon_writes_and_cannot_write) {
  const auto daemon = open_state_store(file());
  const auto reader = open_state_store_readonly(file());
  daemon->put_setting("a", "1");
  EXPECT_EQ(reader->setting("a"), "1");
  daemon->put_heads(CommitId("c2"), CommitId());
  EXPECT_EQ(reader->load().head.str(), "c2");
  EXPECT_THAT(error_of([&] { reader->put_setting("a", "2"); }), HasSubstr("reading only"));
  EXPECT_THAT(error_of([&] { reader->begin({}, 1); }), HasSubstr("reading only"));
}

TEST_F(StateStoreTest, A_reader_makes_no_file) {
  EXPECT_THAT(error_of([&] { open_state_store_readonly(file()); }), HasSubstr("no state yet"));
  EXPECT_FALSE(fs::exists(file()));
}

TEST_F(StateStoreTest, A_reader_works_when_no_daemon_runs) {
  open_state_store(file())->put_setting("a", "1");
  EXPECT_EQ(open_state_store_readonly(file())->setting("a"), "1");
}

TEST_F(StateStoreTest, A_directory_that_is_missing_is_named) {
  EXPECT_THAT(error_of([&] { open_state_store(directory_.path() / "data" / "state.db"); }),
              HasSubstr("data/state.db"));
}

}  // namespace
}  // namespace maand
