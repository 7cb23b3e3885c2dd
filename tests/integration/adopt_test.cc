// A bucket that the original maand deployed is taken over: its database, secrets and real sshd
// workers laid out as it leaves them; the real binary. No target runs (R1.10).
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "tests/support/bucket_world.h"
#include "tests/support/original_database.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;
using Files = std::map<std::string, std::string>;

std::string read_all(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_all(const fs::path& path, const std::string& text, mode_t mode) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
  ::chmod(path.c_str(), mode);
}

class AdoptWorld : public ::testing::Test {
 protected:
  // `api` with a template, a port and a secret, and `db`; both on every worker, version 1.0.0.
  AdoptWorld() {
    for (const char* file : {"kv.db", "kv.key"}) fs::remove(world_.bucket() / "secrets" / file);
    fs::remove_all(world_.bucket() / "data");
    fs::create_directories(world_.bucket() / "data");
    write_all(conf(),
              "use_sudo = false\nssh_user = 'root'\nssh_key = 'worker.key'\nssh_port = " +
                  std::to_string(world_.fleet().port()) + "\ncerts_ttl = 60\n",
              0755);
    std::string key;
    for (char c = 0; c < 32; ++c) key.push_back(c);
    write_all(world_.bucket() / "secrets/kv.key", key, 0600);

    changes_ = BucketWorld::job("api", "1.0.0", R"("resources": {"ports": {"http": {}}})",
                                {{"app.ini.tpl",
                                  "port={{get \"maand/bucket\" \"http\"}} "
                                  "token={{getSecret \"token\"}} worker={{.WorkerID}}\n"},
                                 {"page.html", "one\n"},
                                 {"old.html", "old\n"}});
    changes_.merge(BucketWorld::job("db", "1.0.0"));
    changes_["workers.json"] = world_.workers_json(2);
    commit_ = world_.commit(changes_);
    deploy_as_the_original();
  }

  fs::path conf() const { return world_.bucket() / "maand.conf"; }
  fs::path database() const { return world_.bucket() / "data/maand.db"; }

  static std::string rendered(std::size_t worker) {
    return "port=30005 token=s3cret worker=worker-" + std::to_string(worker) + "\n";
  }
  Files staged(const std::string& job, std::size_t worker = 0) const {
    Files out;
    for (const auto& [path, text] : changes_) {
      if (path.rfind("jobs/" + job + "/", 0) == 0 && text) out[path.substr(job.size() + 6)] = *text;
    }
    if (job == "api") out["app.ini"] = rendered(worker);
    return out;
  }

  void deploy_as_the_original() {
    OriginalDatabaseFile db(database());
    db.bucket(world_.bucket_id(), 4);
    db.value("maand/bucket", "http", "30005");
    db.value("vars/job/api", "seen", "by a hook");
    db.value("secrets/job/api", "token", "enc:v1:AAECAwQFBgcICQoLNDG1aaCRJTlhXg9nWTj//3+d+scRQw==");
    for (const std::string job : {"api", "db"}) {
      db.job(job, "1.0.0");
      for (const auto& [path, text] : staged(job)) db.file(job, path);
    }
    db.port("api", "http", 30005);
    for (std::size_t i = 0; i < 2; ++i) {
      const std::string& ip = world_.fleet().address(i);
      const std::string id = "worker-" + std::to_string(i);
      const fs::path root = world_.fleet().root(i) / world_.bucket_id();
      db.worker(ip, id);
      write_all(root / "worker.json",
                "{\n   \"bucket_id\": \"" + world_.bucket_id() + "\",\n   \"worker_id\": \"" + id +
                    "\",\n   \"worker_ip\": \"" + ip +
                    "\",\n   \"labels\": [\"worker\"],\n   \"update_seq\": 4\n}",
                0644);
      write_all(root / "jobs.json",
                "[\n   {\n      \"job\": \"api\",\n      \"disabled\": 0\n   },\n   {\n      \"job\": "
                "\"db\",\n      \"disabled\": 0\n   }\n]",
                0644);
      write_all(root / "bin/runner.py", "# as it was\n", 0644);
      for (const std::string job : {"api", "db"}) {
        db.allocation(job, ip, "1.0.0");
        db.deployed(job, ip, "1.0.0", staged(job, i));
        for (const auto& [path, text] : staged(job, i)) {
          if (!path.ends_with(".tpl")) write_all(root / "jobs" / job / path, text, 0755);
        }
        write_all(root / "jobs" / job / "own.pid", "1", 0644);
        fs::create_directories(root / "jobs" / job / "data");
      }
    }
  }

  // Everything on the workers but what is ours: path, mode and text.
  std::map<std::string, std::string> on_workers() {
    std::map<std::string, std::string> out;
    for (std::size_t i = 0; i < 2; ++i) {
      const fs::path root = world_.fleet().root(i) / world_.bucket_id();
      for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator(); ++it) {
        if (it->path().filename() == ".maand") {
          it.disable_recursion_pending();
          continue;
        }
        struct stat info {};
        ::stat(it->path().c_str(), &info);
        out[std::to_string(i) + it->path().string()] =
            std::to_string(info.st_mode) + " " + (it->is_regular_file() ? read_all(it->path()) : "");
      }
    }
    return out;
  }

  ProgramResult maand(std::vector<std::string> arguments, int status = 0) {
    const ProgramResult result = world_.maand(std::move(arguments));
    EXPECT_EQ(result.status, status) << result.out << result.err;
    return result;
  }
  ProgramResult adopt(std::vector<std::string> more = {}, int status = 0) {
    std::vector<std::string> arguments = {"adopt", "--repo", world_.git().file_url()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return maand(std::move(arguments), status);
  }
  ProgramResult reconcile(int status = 0) { return maand({"reconcile", "--wait"}, status); }

  Lines ran() const {
    Lines out;
    for (const std::string job : {"api", "db"}) {
      for (int i = 0; i < 2; ++i) {
        for (const std::string& line : world_.events(i, job))
          out.push_back(job + std::to_string(i) + " " + line.substr(0, line.find(' ')));
      }
    }
    return out;
  }

  static bool says(const ProgramResult& result, const std::string& text) {
    return (result.out + result.err).find(text) != std::string::npos;
  }

  BucketWorld world_{2};
  GitChanges changes_;
  std::string commit_;
};

TEST_F(AdoptWorld, The_next_pass_of_the_same_commit_runs_no_target_and_one_change_rolls_out_that_alone) {
  const std::string before = read_all(database());
  const auto workers = on_workers();
  const ProgramResult told = adopt();
  EXPECT_TRUE(says(told, "4 allocations on 2 workers")) << told.out;
  EXPECT_TRUE(says(told, "The next pass runs nothing")) << told.out;
  EXPECT_EQ(read_all(database()), before);
  EXPECT_EQ(on_workers(), workers);

  EXPECT_EQ(maand({"plan"}).status, 0);
  reconcile();
  EXPECT_EQ(ran(), Lines{});
  EXPECT_EQ(on_workers(), workers) << "files and modes are as they were found";

  EXPECT_TRUE(says(maand({"cat", "kv", "get", "secrets/job/api", "token", "--reveal"}), "s3cret"));
  EXPECT_TRUE(says(maand({"cat", "kv", "get", "vars/job/api", "seen"}), "by a hook"));
  EXPECT_TRUE(says(maand({"cat", "job_ports"}), "30005"));

  struct stat page {};
  ASSERT_EQ(::stat((world_.job_directory(0, "api") / "page.html").c_str(), &page), 0);
  // Only that; and what leaves git leaves the workers, what the application made stays.
  world_.commit({{"jobs/api/page.html", "two\n"}, {"jobs/api/old.html", std::nullopt}});
  reconcile();
  EXPECT_EQ(ran(), (Lines{"api0 restart", "api1 restart"}));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(read_all(world_.job_directory(i, "api") / "page.html"), "two\n");
    EXPECT_FALSE(fs::exists(world_.job_directory(i, "api") / "old.html"));
    EXPECT_TRUE(fs::exists(world_.job_directory(i, "api") / "own.pid"));
    EXPECT_EQ(read_all(world_.job_directory(i, "api") / "app.ini"), rendered(static_cast<std::size_t>(i)));
  }
  struct stat written {};
  ASSERT_EQ(::stat((world_.job_directory(0, "api") / "page.html").c_str(), &written), 0);
  EXPECT_EQ(written.st_ino, page.st_ino) << "a bind mount of it shows the new one";
  EXPECT_EQ(written.st_mode & 0777, 0644u);
  const Lines events = world_.events(0, "api");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0], "restart 1.0.0 1.0.0 1 none");
}

TEST_F(AdoptWorld, What_git_changed_since_is_told_and_the_next_pass_does_it) {
  world_.commit({{"jobs/db/Makefile", *changes_.at("jobs/db/Makefile") + "# newer\n"}});
  const ProgramResult dry = adopt({"--dry-run"});
  EXPECT_TRUE(says(dry, "changed in git since: Makefile")) << dry.out;
  EXPECT_TRUE(says(dry, "FilesChanged")) << dry.out;
  EXPECT_FALSE(fs::exists(world_.bucket() / "data/state.db"));
  EXPECT_FALSE(fs::exists(world_.bucket() / "data/mirror.git"));
  EXPECT_EQ(read_all(conf()).find("bucket_id"), std::string::npos);
  EXPECT_FALSE(fs::exists(world_.fleet().root(0) / world_.bucket_id() / ".maand"));

  const ProgramResult json = adopt({"--json"});
  EXPECT_TRUE(says(json, R"("action":"restart")")) << json.out;
  EXPECT_EQ(ran(), Lines{});
  reconcile();
  EXPECT_EQ(ran(), (Lines{"db0 restart", "db1 restart"}));
}

TEST_F(AdoptWorld, Nothing_is_reconciled_before_it_is_adopted_and_nothing_is_adopted_twice) {
  for (const char* verb : {"serve", "reconcile", "takeover"}) {
    const ProgramResult original_conf = maand({verb}, 4);
    EXPECT_TRUE(says(original_conf, "maand adopt")) << verb << original_conf.err;
    EXPECT_FALSE(says(original_conf, "maand init")) << verb << original_conf.err;
  }
  // With a maand.conf of ours, by hand.
  write_all(conf(),
            "bucket_id = \"" + world_.bucket_id() + "\"\n" + read_all(conf()) + "[git]\nurl = \"" +
                world_.git().file_url() + "\"\n",
            0644);
  const ProgramResult refused = reconcile(4);
  EXPECT_TRUE(says(refused, "maand adopt")) << refused.err;
  EXPECT_EQ(ran(), Lines{});
  adopt();
  reconcile();
  EXPECT_EQ(ran(), Lines{});
  EXPECT_TRUE(says(adopt({}, 4), "has state already"));
}

TEST_F(AdoptWorld, A_deploy_of_the_original_that_is_under_way_is_waited_for) {
  OriginalDatabaseFile writing(database(), true);
  writing.exec("BEGIN IMMEDIATE");
  EXPECT_TRUE(says(adopt({}, 5), "under way"));
  writing.exec("ROLLBACK");
  adopt();
}

TEST_F(AdoptWorld, A_worker_that_cannot_be_read_is_refused_or_believed) {
  world_.fleet().kill(1);
  const ProgramResult refused = adopt({}, 1);
  EXPECT_TRUE(says(refused, world_.fleet().address(1))) << refused.err;
  EXPECT_TRUE(says(refused, "--without-unreachable")) << refused.err;
  EXPECT_FALSE(fs::exists(world_.bucket() / "data/state.db"));

  adopt({"--without-unreachable"});
  world_.fleet().restart(1);
  reconcile();
  EXPECT_EQ(ran(), Lines{});
  world_.commit({{"jobs/db/note.txt", "new\n"}});
  reconcile();
  EXPECT_EQ(ran(), (Lines{"db0 restart", "db1 restart"}));
}

TEST_F(AdoptWorld, A_job_that_is_held_at_the_head_is_refused_or_taken_over_as_it_lies_there) {
  world_.commit({{"jobs/api/app.ini.tpl", "{{getSecret \"other\"}}"}, {"jobs/db/manifest.json", "{"}});
  const ProgramResult refused = adopt({"--dry-run"}, 4);
  EXPECT_TRUE(says(refused, "api is held at the head: MissingValue")) << refused.err;
  EXPECT_TRUE(says(refused, "db is held at the head: Broken")) << refused.err;
  EXPECT_TRUE(says(refused, "--with-held")) << refused.err;
  adopt({}, 4);
  EXPECT_FALSE(fs::exists(world_.bucket() / "data/state.db"));

  const ProgramResult told = adopt({"--with-held"});
  EXPECT_TRUE(says(told, "its first good commit restarts it")) << told.out;
  world_.maand({"reconcile", "--wait"});
  EXPECT_EQ(ran(), Lines{});
}

TEST_F(AdoptWorld, A_job_that_is_held_and_that_nothing_runs_of_keeps_nobody_from_adopting) {
  world_.commit({{"jobs/web/manifest.json", "{"}});
  adopt();
}

TEST_F(AdoptWorld, What_a_worker_does_not_tell_is_told_and_what_was_stopped_is_not_stopped_again) {
  OriginalDatabaseFile(database(), true).exec("UPDATE allocations SET disabled = 1 WHERE job = 'db'");
  world_.commit({{"disabled.json", R"({"jobs": {"db": {}}})"}});
  const fs::path root = world_.fleet().root(0) / world_.bucket_id();
  fs::remove(root / "jobs.json");
  fs::remove(root / "worker.json");
  write_all(world_.fleet().root(1) / world_.bucket_id() / "jobs.json", "[{", 0644);
  const ProgramResult told = adopt();
  EXPECT_TRUE(says(told, "worker.json is missing")) << told.out;
  EXPECT_TRUE(says(told, "was not checked")) << told.out;
  EXPECT_TRUE(says(told, "jobs.json is missing")) << told.out;
  EXPECT_TRUE(says(told, "taken as stopped")) << told.out;
  EXPECT_TRUE(says(told, "The next pass runs nothing")) << told.out;
  reconcile();
  EXPECT_EQ(ran(), Lines{});
}

TEST_F(AdoptWorld, A_repository_that_does_not_answer_is_not_replaced_by_what_was_seen_of_another) {
  const std::string mirror = (world_.bucket() / "data/mirror.git").string();
  ASSERT_EQ(call_program(
                {.argv = {"/usr/bin/git", "clone", "--quiet", "--mirror", world_.git().file_url(), mirror}})
                .status,
            0);
  const ProgramResult refused = maand({"adopt", "--repo", world_.git().file_url() + "-of-nobody"}, 1);
  EXPECT_TRUE(says(refused, "could not be read")) << refused.err;
  EXPECT_FALSE(fs::exists(world_.bucket() / "data/state.db"));
  EXPECT_EQ(read_all(conf()).find("bucket_id"), std::string::npos);
}

TEST_F(AdoptWorld, The_configuration_keeps_its_mode_and_stays_behind_its_link) {
  const fs::path real = world_.bucket().parent_path() / "conf-elsewhere";
  fs::rename(conf(), real);
  ::chmod(real.c_str(), 0600);
  fs::create_symlink(real, conf());
  adopt();
  EXPECT_TRUE(fs::is_symlink(conf()));
  EXPECT_NE(read_all(real).find("bucket_id"), std::string::npos);
  for (const fs::path& file : {real, world_.bucket() / "maand.conf.before-adopt"}) {
    struct stat info {};
    ASSERT_EQ(::stat(file.c_str(), &info), 0) << file;
    EXPECT_EQ(info.st_mode & 07777, 0600u) << file;
  }
}

TEST_F(AdoptWorld, What_was_not_well_before_it_was_adopted_is_told_and_does_not_fail_its_first_change) {
  const auto asked = [](const std::string& job, const std::string& command) {
    return BucketWorld::job(job, "1.0.0",
                            (job == "api" ? R"("resources": {"ports": {"http": {}}}, )" : std::string()) +
                                R"("health_check": {"checks": [{"type": "ssh", "command": ")" + command +
                                R"("}], "wait": {"attempts": 2, "interval_seconds": 1}})")
        .at("jobs/" + job + "/manifest.json");
  };
  world_.commit(
      {{"jobs/db/manifest.json", asked("db", "false")}, {"jobs/api/manifest.json", asked("api", "true")}});
  const ProgramResult told = adopt();
  EXPECT_TRUE(says(told, "db@" + world_.fleet().address(0) + " is not healthy")) << told.out;
  EXPECT_FALSE(says(told, "api@" + world_.fleet().address(0) + " is not healthy")) << told.out;
  EXPECT_TRUE(says(told, "The next pass runs nothing")) << told.out;
  reconcile();
  EXPECT_EQ(ran(), Lines{});
  world_.commit({{"jobs/db/note.txt", "new\n"}});
  reconcile();
  EXPECT_EQ(ran(), (Lines{"db0 restart", "db1 restart"}));
}

TEST_F(AdoptWorld, An_adoption_that_was_cut_off_begins_again) {
  write_all(world_.bucket() / "data/state.db.adopting", "half a file", 0600);
  write_all(world_.bucket() / "secrets/kv.db", "", 0600);  // before it got its tables
  adopt({"--dry-run"});
  adopt();
  reconcile();
  EXPECT_EQ(ran(), Lines{});
}

TEST_F(AdoptWorld, A_store_that_is_lost_afterwards_is_rebuilt_from_the_workers) {
  adopt();
  for (const char* name : {"state.db", "state.db-wal", "state.db-shm"})
    fs::remove(world_.bucket() / "data" / name);
  const ProgramResult again = adopt({}, 4);
  EXPECT_TRUE(says(again, "maand takeover")) << again.out << again.err;
  reconcile(4);
  maand({"takeover", "--reason", "the store was lost"});
  reconcile();
  EXPECT_EQ(ran(), Lines{});
  world_.commit({{"jobs/api/page.html", "two\n"}});
  reconcile();
  EXPECT_EQ(ran(), (Lines{"api0 restart", "api1 restart"}));
}

TEST_F(AdoptWorld, A_database_that_is_not_the_one_that_deployed_is_refused) {
  OriginalDatabaseFile(database(), true).exec("UPDATE worker SET worker_id = 'another'");
  EXPECT_TRUE(says(adopt({}, 4), "not the database that deployed it last"));
}

// The ids are the same in an older copy; what it says of versions, and of what was never started, is not.
TEST_F(AdoptWorld, A_copy_of_the_database_from_before_the_last_deploy_is_refused) {
  OriginalDatabaseFile(database(), true)
      .exec("DELETE FROM hash; DELETE FROM allocations; UPDATE bucket SET update_seq = 3");
  EXPECT_TRUE(says(adopt({"--dry-run"}, 4), "its worker.json is of deploy 4, and the database of deploy 3"));
  adopt({}, 4);
  EXPECT_FALSE(fs::exists(world_.bucket() / "data/adopted"));
  // A deploy that changed nothing sends no worker.json.
  OriginalDatabaseFile(database(), true).exec("UPDATE bucket SET update_seq = 7");
  adopt({"--dry-run"});
}

}  // namespace
}  // namespace maand::testing
