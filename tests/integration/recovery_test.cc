// A store that is lost or put back, a second controller, workers that are wiped or
// swapped, jobs and hosts under another name: the real binary, real git and real sshd
// (R3.5 to R3.12, R7.3, R7.4).
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

class RecoveryWorld : public ::testing::Test {
 protected:
  explicit RecoveryWorld() { world_.set("http", "listen = \"\""); }

  std::string deploy(const std::string& version, const std::string& rest = "") {
    GitChanges changes = BucketWorld::job("api", version, rest);
    changes.merge(BucketWorld::job("db", "1.0.0"));
    changes["workers.json"] = world_.workers_json(2);
    return world_.commit(changes);
  }

  ProgramResult maand(std::vector<std::string> arguments, int status = 0) {
    const ProgramResult result = world_.maand(std::move(arguments));
    EXPECT_EQ(result.status, status) << result.out << result.err;
    return result;
  }
  ProgramResult reconcile(int status = 0) { return maand({"reconcile", "--wait"}, status); }

  // Of all operations that workers keep: a target that ran has one more.
  std::size_t receipts() {
    std::size_t count = 0;
    for (std::size_t i = 0; i < world_.fleet().size(); ++i) {
      for (const auto& entry : fs::recursive_directory_iterator(world_.fleet().root(i))) {
        if (entry.path().filename() == "receipt") ++count;
      }
    }
    return count;
  }

  void lose_store() {
    for (const char* name : {"state.db", "state.db-wal", "state.db-shm"})
      fs::remove(world_.bucket() / "data" / name);
  }

  bool says(const ProgramResult& result, const std::string& text) {
    return (result.out + result.err).find(text) != std::string::npos;
  }

  BucketWorld world_{2};
};

TEST_F(RecoveryWorld, A_lost_store_is_rebuilt_from_the_workers_and_no_target_runs) {
  const std::string commit = deploy("1.0.0");
  reconcile();
  const std::size_t before = receipts();
  const Lines events = world_.events(0, "api");
  ASSERT_EQ(before, 4u);

  lose_store();
  world_.serve();
  reconcile(4);
  const ProgramResult status = maand({"status"}, 4);
  EXPECT_TRUE(says(status, "recovering")) << status.out;
  EXPECT_TRUE(says(status, "maand takeover")) << status.out;
  EXPECT_EQ(receipts(), before) << "nothing is touched until somebody claims the workers";

  maand({"takeover", "--reason", "the disk died"});
  reconcile();
  EXPECT_TRUE(says(maand({"status"}), "applied"));
  EXPECT_EQ(receipts(), before) << "the commit is the same, so no target runs";
  EXPECT_EQ(world_.events(0, "api"), events);

  deploy("1.1.0");
  reconcile();
  EXPECT_EQ(world_.events(0, "api").back(), "restart 1.0.0 1.1.0 1 none");
  EXPECT_EQ(receipts(), before + 2);
}

TEST_F(RecoveryWorld, With_recovery_auto_it_is_claimed_when_every_listed_worker_has_answered) {
  deploy("1.0.0");
  reconcile();
  const std::size_t before = receipts();
  lose_store();
  world_.set("state", "recovery = \"auto\"");
  reconcile();
  EXPECT_TRUE(says(maand({"status"}), "applied"));
  EXPECT_EQ(receipts(), before);
}

TEST_F(RecoveryWorld, A_wiped_worker_waits_for_a_word_and_the_others_go_on) {
  deploy("1.0.0");
  reconcile();
  world_.fleet().wipe(0);
  deploy("1.1.0", R"("rollout": {"max_unavailable": 2})");
  reconcile(1);
  EXPECT_TRUE(world_.events(0, "api").empty());
  EXPECT_EQ(world_.events(1, "api").back(), "restart 1.0.0 1.1.0 1 none");
  maand({"worker", "reset", world_.fleet().address(0)});
  reconcile();
  EXPECT_EQ(world_.events(0, "api"), Lines{"start 0.0.0 1.1.0 1 none"});
  EXPECT_EQ(world_.events(0, "db"), Lines{"start 0.0.0 1.0.0 1 none"});
  EXPECT_EQ(world_.events(1, "api").size(), 2u);
}

// With and without a daemon; the first one has met the worker, the second has not.
TEST_F(RecoveryWorld, A_worker_that_was_never_wiped_runs_nothing_again_after_a_reset) {
  deploy("1.0.0");
  reconcile();
  const std::size_t before = receipts();
  EXPECT_TRUE(says(maand({"worker", "reset", world_.fleet().address(0)}), "of the 2 allocations on record"));
  reconcile();
  EXPECT_EQ(receipts(), before);
  world_.serve();
  reconcile();
  maand({"worker", "reset", world_.fleet().address(0)});
  reconcile();
  EXPECT_EQ(receipts(), before);
  EXPECT_TRUE(says(maand({"status"}), "applied"));
  deploy("1.1.0");
  reconcile();
  EXPECT_EQ(world_.events(0, "api"), (Lines{"start 0.0.0 1.0.0 1 none", "restart 1.0.0 1.1.0 1 none"}));
}

TEST_F(RecoveryWorld, Swapped_workers_are_told_apart_by_their_markers) {
  deploy("1.0.0");
  reconcile();
  const std::size_t before = receipts();
  GitChanges changes = BucketWorld::job("api", "1.1.0");
  const std::string first = world_.fleet().address(0);
  const std::string second = world_.fleet().address(1);
  changes["workers.json"] = R"([{"host": ")" + first + R"(", "address": ")" + second + R"("}, {"host": ")" +
                            second + R"(", "address": ")" + first + "\"}]";
  world_.commit(changes);
  world_.serve();
  reconcile(1);
  const ProgramResult status = maand({"status"}, 1);
  EXPECT_TRUE(says(status, "IdentityMismatch")) << status.out;
  EXPECT_EQ(receipts(), before);

  changes["workers.json"] = world_.workers_json(2);
  world_.commit(changes);
  reconcile();
  EXPECT_EQ(world_.events(0, "api").back(), "restart 1.0.0 1.1.0 1 none");
}

TEST_F(RecoveryWorld, Of_two_controllers_the_older_one_is_fenced) {
  deploy("1.0.0");
  reconcile();
  const fs::path store = world_.bucket() / "data" / "state.db";
  const fs::path older = world_.bucket() / "data" / "older.db";
  fs::copy_file(store, older);

  // The newer one starts from nothing, and takes the workers over.
  lose_store();
  maand({"takeover", "--reason", "a new machine"});
  reconcile();
  deploy("1.1.0");
  reconcile();
  const std::size_t before = receipts();

  lose_store();
  fs::rename(older, store);
  deploy("1.2.0");
  world_.serve();
  reconcile(4);
  const ProgramResult status = maand({"status"}, 4);
  EXPECT_TRUE(says(status, "fenced")) << status.out;
  EXPECT_TRUE(says(status, "maand takeover")) << status.out;
  EXPECT_EQ(receipts(), before);
  reconcile(4);
  EXPECT_EQ(receipts(), before);

  maand({"takeover"});
  reconcile();
  EXPECT_EQ(world_.events(0, "api").back(), "restart 1.1.0 1.2.0 1 none") << "what the newer one did counts";
}

TEST_F(RecoveryWorld, A_store_from_a_backup_is_recognised_and_needs_the_same_word) {
  deploy("1.0.0");
  reconcile();
  const fs::path store = world_.bucket() / "data" / "state.db";
  const fs::path backup = world_.bucket() / "data" / "backup.db";
  fs::copy_file(store, backup);
  deploy("1.1.0");
  reconcile();
  const std::size_t before = receipts();
  lose_store();
  fs::rename(backup, store);
  deploy("1.2.0");
  reconcile(4);
  EXPECT_EQ(receipts(), before) << "it must not act on what it believes";
  maand({"takeover"});
  reconcile();
  EXPECT_EQ(world_.events(0, "api").back(), "restart 1.1.0 1.2.0 1 none");
}

TEST_F(RecoveryWorld, A_backup_is_made_while_the_daemon_runs_and_restored_behind_a_fence) {
  deploy("1.0.0");
  world_.serve();
  reconcile();
  const fs::path backup = world_.bucket().parent_path() / "backup";
  maand({"backup", backup.string()});
  maand({"backup", backup.string()}, 2);
  maand({"restore", backup.string()}, 5);
  world_.stop_daemon();
  const std::size_t before = receipts();

  fs::remove(world_.bucket() / "secrets" / "known_hosts");
  maand({"restore", (world_.bucket() / "data").string()}, 2);
  maand({"restore", backup.string()});
  EXPECT_TRUE(fs::exists(world_.bucket() / "secrets" / "known_hosts"));
  EXPECT_TRUE(fs::exists(world_.bucket() / "data" / "state.db.before-restore"));
  deploy("1.1.0");
  reconcile(4);
  EXPECT_EQ(receipts(), before);
  maand({"takeover"});
  reconcile();
  EXPECT_EQ(world_.events(0, "api").back(), "restart 1.0.0 1.1.0 1 none");
}

// What a disk that was full, or a copy that was cut, makes of a backup.
TEST_F(RecoveryWorld, A_backup_that_is_not_whole_is_refused_and_nothing_of_it_is_taken) {
  deploy("1.0.0");
  reconcile();
  write_file(world_.bucket() / "secrets" / "empty", "");
  const fs::path whole = world_.bucket().parent_path() / "whole";
  maand({"backup", whole.string()});
  const std::string state = read_file(world_.bucket() / "data" / "state.db");
  fs::remove(world_.bucket() / "secrets" / "known_hosts");
  const struct {
    const char* file;
    std::function<void(const fs::path&)> harm;
    std::string says;
  } rows[] = {
      {"state.db", [](const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); }, "bytes"},
      {"state.db", [](const fs::path& file) { fs::resize_file(file, 0); }, "state.db has 0 of "},
      {"state.db", [](const fs::path& file) { fs::remove(file); }, "state.db is gone"},
      {"state.db",
       [](const fs::path& file) {
         std::string bytes = read_file(file);
         bytes[bytes.size() / 2] ^= 1;
         write_file(file, bytes);
       },
       "state.db is not what it was"},
      {"secrets/kv.db", [](const fs::path& file) { fs::resize_file(file, 4096); },
       "secrets/kv.db has 4096 of "},
      {"secrets/kv.db", [](const fs::path& file) { fs::remove(file); }, "secrets/kv.db is gone"},
      {"secrets/worker.key", [](const fs::path& file) { fs::resize_file(file, 0); },
       "secrets/worker.key has 0 of "},
  };
  for (const auto& row : rows) {
    const fs::path harmed = world_.bucket().parent_path() / "harmed";
    fs::copy(whole, harmed, fs::copy_options::recursive);
    row.harm(harmed / row.file);
    const ProgramResult refused = maand({"restore", harmed.string()}, 1);
    EXPECT_TRUE(says(refused, "is damaged: ")) << refused.err;
    EXPECT_TRUE(says(refused, row.says)) << row.file << "\n" << refused.err;
    EXPECT_FALSE(fs::exists(world_.bucket() / "secrets" / "known_hosts")) << row.says;
    EXPECT_FALSE(fs::exists(world_.bucket() / "data" / "state.db.before-restore")) << row.says;
    EXPECT_EQ(read_file(world_.bucket() / "data" / "state.db"), state) << row.says;
    fs::remove_all(harmed);
  }
  // One that an earlier maand made says nothing about its files.
  write_file(whole / "backup.json",
             "{\"bucket_id\":\"" + world_.bucket_id() + "\",\"made_at\":\"2026-01-02T03:04:05.678Z\"}\n");
  maand({"restore", whole.string()});
  EXPECT_TRUE(fs::exists(world_.bucket() / "secrets" / "known_hosts"));
}

TEST_F(RecoveryWorld, A_renamed_job_keeps_its_data_and_its_version) {
  GitChanges changes = BucketWorld::job("old", "1.0.0", "", {{"conf", "x\n"}});
  changes["workers.json"] = world_.workers_json(2);
  world_.commit(changes);
  reconcile();
  write_file(world_.job_directory(0, "old") / "data" / "precious", "mine");

  GitChanges moved = BucketWorld::job("fresh", "1.0.0", "", {{"conf", "x\n"}});
  for (const char* path : {"Makefile", "manifest.json", "conf"})
    moved["jobs/old/" + std::string(path)] = std::nullopt;
  world_.commit(moved);
  reconcile(4);
  EXPECT_TRUE(says(maand({"status"}, 4), "LooksRenamed"));
  EXPECT_TRUE(fs::exists(world_.job_directory(0, "old") / "conf"));
  EXPECT_FALSE(fs::exists(world_.job_directory(0, "fresh")));

  world_.commit(BucketWorld::job("fresh", "1.1.0", R"("renamed_from": "old")", {{"conf", "x\n"}}));
  reconcile();
  EXPECT_FALSE(fs::exists(world_.job_directory(0, "old")));
  EXPECT_EQ(read_file(world_.job_directory(0, "fresh") / "data" / "precious"), "mine");
  const Lines expected = {"start 0.0.0 1.0.0 1 none", "stop 1.0.0 1.1.0 1 none", "start 1.0.0 1.1.0 1 none"};
  EXPECT_EQ(world_.events(0, "fresh"), expected);
  EXPECT_EQ(world_.events(1, "fresh"), expected);
  reconcile();
  EXPECT_EQ(world_.events(0, "fresh"), expected);
}

// The machine goes on under another name; the sshd of the fleet hears on its old address.
TEST_F(RecoveryWorld, A_worker_under_another_name_keeps_what_it_has) {
  deploy("1.0.0");
  reconcile();
  const std::size_t before = receipts();
  const std::string first = world_.fleet().address(0);
  const std::string second = world_.fleet().address(1);
  const auto workers = [&](const std::string& rest) {
    return R"([{"host": "machine-one", "was": ")" + first + R"(", "address": ")" + first + "\"" + rest +
           R"(}, {"host": ")" + second + "\"}]";
  };
  world_.commit({{"workers.json", workers("")}});
  reconcile();
  EXPECT_EQ(receipts(), before) << "no target runs for a name";
  GitChanges changes = BucketWorld::job("api", "1.1.0");
  world_.commit(changes);
  reconcile();
  EXPECT_EQ(world_.events(0, "api").back(), "restart 1.0.0 1.1.0 1 none");
  EXPECT_TRUE(says(maand({"cat", "allocations"}), "machine-one"));
}

TEST_F(RecoveryWorld, A_drained_worker_stays_drained_under_another_name) {
  deploy("1.0.0");
  reconcile();
  const std::string first = world_.fleet().address(0);
  const std::string second = world_.fleet().address(1);
  maand({"worker", "drain", first, "--force", "--reason", "new disks"});
  reconcile();
  ASSERT_EQ(world_.events(0, "api").back(), "stop 1.0.0 1.0.0 1 none");
  const std::size_t before = receipts();
  world_.commit({{"workers.json", R"([{"host": "machine-one", "was": ")" + first + R"(", "address": ")" +
                                      first + R"("}, {"host": ")" + second + "\"}]"}});
  reconcile();
  EXPECT_EQ(receipts(), before) << "nothing starts on a machine whose disks are out";
  EXPECT_TRUE(says(maand({"status"}), "machine-one is drained"));
  // Whether `was` stays in workers.json or goes.
  world_.commit({{"workers.json", R"([{"host": "machine-one", "address": ")" + first + R"("}, {"host": ")" +
                                      second + "\"}]"}});
  reconcile();
  EXPECT_EQ(receipts(), before);
  maand({"worker", "undrain", first}, 2);
  maand({"worker", "undrain", "machine-one"});
  reconcile();
  EXPECT_EQ(world_.events(0, "api").back(), "start 1.0.0 1.0.0 1 none");
}

TEST_F(RecoveryWorld, A_worker_that_left_and_is_out_of_reach_is_abandoned_and_can_be_forgotten) {
  world_.set("rollout", "removal_grace = \"1ms\"");
  world_.set("ssh", "connect_timeout = \"2s\"");
  deploy("1.0.0");
  reconcile();
  world_.fleet().kill(1);
  world_.commit({{"workers.json", world_.workers_json(1)}});
  const std::string gone = world_.fleet().address(1);
  world_.serve();
  EXPECT_TRUE(eventually([&] { return world_.reconcile().status == 0; })) << world_.maand({"status"}).out;
  EXPECT_TRUE(says(maand({"status"}), "may still run"));
  maand({"worker", "forget", world_.fleet().address(0)}, 4);
  maand({"worker", "forget", gone});
  reconcile();
  EXPECT_FALSE(says(maand({"status"}), gone));
}

TEST_F(RecoveryWorld, Words_about_workers_and_allocations_are_checked) {
  deploy("1.0.0");
  reconcile();
  maand({"worker", "reset", "nobody.example"}, 2);
  maand({"worker", "trust", world_.fleet().address(0)}, 2);
  maand({"worker", "trust", world_.fleet().address(0), "--replaced"});
  maand({"worker", "paint", world_.fleet().address(0)}, 2);
  maand({"forget", "api"}, 2);
  maand({"forget", "none@" + world_.fleet().address(0)}, 2);
  world_.serve();
  maand({"forget", "api@" + world_.fleet().address(0)}, 4);
  EXPECT_EQ(world_.events(0, "api").size(), 1u);
}

// R7.4: what git keeps here can be had again.
TEST_F(RecoveryWorld, A_mirror_that_is_damaged_is_cloned_again) {
  deploy("1.0.0");
  reconcile();
  fs::path mirror;
  for (const auto& entry : fs::recursive_directory_iterator(world_.bucket() / "data")) {
    if (entry.path().filename() == "HEAD" && entry.path().string().find("refs") == std::string::npos)
      mirror = entry.path().parent_path();
  }
  ASSERT_FALSE(mirror.empty());
  fs::remove_all(mirror / "objects");
  write_file(mirror / "HEAD", "garbage");
  deploy("1.1.0");
  reconcile();
  EXPECT_EQ(world_.events(0, "api").back(), "restart 1.0.0 1.1.0 1 none");
}

}  // namespace
}  // namespace maand::testing
