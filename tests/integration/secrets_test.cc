// Secrets of git and secrets at rest, from the command that sets them to the file on a worker: they
// reach what reads them, and nothing else ever holds them.
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <set>

#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;

// Planted: found anywhere it should not be, it has leaked. Of this process alone, since other tests of this
// file may run beside it and show theirs.
const std::string kPlanted = "pl4nted-" + std::to_string(getpid()) + "-";
const std::string kOfGit = kPlanted + "in-git";
const std::string kAtRest = kPlanted + "at-rest";

class SecretsWorld : public ::testing::Test {
 protected:
  // In the checkout, as somebody who may have no bucket.
  ProgramResult in_checkout(std::vector<std::string> arguments, const std::string& input = "",
                            bool with_bucket = true, const std::string& editor = "") {
    std::vector<std::string> argv = {MAAND_BINARY};
    if (with_bucket) argv.insert(argv.end(), {"--bucket", world_.bucket().string()});
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    ProgramCall call{.argv = argv, .input = input, .cwd = world_.git().work() / "workspace"};
    if (!editor.empty()) call.environment = {{"EDITOR", editor}};
    outputs_.push_back(call_program(call));
    return outputs_.back();
  }
  void expect_done(const ProgramResult& result) { EXPECT_EQ(result.status, 0) << result.out << result.err; }

  std::string file(int worker, const std::string& path) {
    return read_file(world_.job_directory(worker, "api") / path);
  }
  std::size_t runs(int worker) { return world_.events(worker, "api").size(); }

  // A job whose rendered file and Makefile use both secrets, committed and not yet deployed.
  GitChanges api() {
    GitChanges changes = BucketWorld::job(
        "api", "1.0.0", "",
        {{"app.ini.tpl", "git={{getSecret \"of_git\"}}\nstored={{getSecret \"at_rest\"}}\n"}});
    changes["workers.json"] = world_.workers_json(2);
    return changes;
  }

  // Everything below `at` but what the secret is meant for.
  void expect_nothing_below(const fs::path& at, const std::set<fs::path>& meant = {}) {
    std::error_code error;
    for (auto it = fs::recursive_directory_iterator(at, fs::directory_options::skip_permission_denied, error);
         it != fs::recursive_directory_iterator(); it.increment(error)) {
      if (!it->is_regular_file(error) || meant.count(it->path()) > 0) continue;
      searched_ += 1;
      EXPECT_EQ(read_file(it->path()).find(kPlanted), std::string::npos) << it->path();
    }
  }
  // Command line and environment of every process that is there.
  void expect_nothing_in_processes() {
    for (const auto& entry : fs::directory_iterator("/proc")) {
      if (entry.path().filename().string().find_first_not_of("0123456789") != std::string::npos) continue;
      for (const char* name : {"cmdline", "environ"}) {
        std::string text;
        try {
          text = read_file(entry.path() / name);
        } catch (const std::exception&) {
          continue;  // it has ended
        }
        searched_ += 1;
        EXPECT_EQ(text.find(kPlanted), std::string::npos) << entry.path() << " " << name;
      }
    }
  }

  BucketWorld world_;
  std::vector<ProgramResult> outputs_;
  int searched_ = 0;
  const fs::file_time_type began_ = fs::file_time_type::clock::now();
};

TEST_F(SecretsWorld, ASecretOfGitReachesTheFileOnTheWorkerAndNothingElse) {
  world_.git().commit({{"workspace/workers.json", world_.workers_json(2)}}, "workers");
  world_.commit(api());
  expect_done(in_checkout({"secrets", "set", "api", "of_git"}, kOfGit + "\n"));
  EXPECT_EQ(fs::status(world_.bucket() / "secrets" / "age.key").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  expect_done(in_checkout({"secrets", "set", "api", "at_rest", "--stored"}, kAtRest + "\n"));
  const fs::path work = world_.git().work() / "workspace";
  EXPECT_NE(read_file(work / "jobs/api/secrets.age.toml").find("BEGIN AGE ENCRYPTED FILE"),
            std::string::npos);
  const std::string first = world_.commit({}, "secrets");
  world_.serve();
  const std::string note = world_.wait_for_note(first, "applied");
  for (const int worker : {0, 1}) {
    EXPECT_EQ(file(worker, "app.ini"), "git=" + kOfGit + "\nstored=" + kAtRest + "\n");
    EXPECT_FALSE(fs::exists(world_.job_directory(worker, "api") / "secrets.age.toml")) << "it is not shipped";
  }

  // Another value rolls out, and so does a change of what is stored, and a new key for it changes nothing.
  expect_done(in_checkout({"secrets", "set", "api", "of_git"}, kOfGit + "-2"));
  const std::string second = world_.commit({}, "another value");
  world_.reconcile();
  const std::string changed = world_.wait_for_note(second, "applied");
  EXPECT_NE(changed.find("2 restarted"), std::string::npos) << changed;
  EXPECT_EQ(file(1, "app.ini"), "git=" + kOfGit + "-2\nstored=" + kAtRest + "\n");
  expect_done(in_checkout({"secrets", "set", "api", "at_rest", "--stored"}, kAtRest + "-2"));
  EXPECT_TRUE(eventually([&] { return runs(0) == 3u && runs(1) == 3u; })) << world_.daemon_log();
  expect_done(in_checkout({"secrets", "rotate"}));
  const std::string orders = world_.maand({"audit", "--json"}).out;
  for (const char* order : {R"("action":"secrets set --stored","subject":"api","detail":"at_rest")",
                            R"("action":"secrets rotate")"})
    EXPECT_NE(orders.find(order), std::string::npos) << orders;
  expect_done(world_.reconcile());
  EXPECT_EQ(file(0, "app.ini"), "git=" + kOfGit + "-2\nstored=" + kAtRest + "-2\n");
  EXPECT_EQ(runs(0), 3u) << "a new key is no new value";

  // Whatever shows something.
  const std::string worker = world_.fleet().address(0);
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"render", "api@" + worker},
                                             {"plan", "-v"},
                                             {"plan", "--json"},
                                             {"status", "--json"},
                                             {"why", "api"},
                                             {"history", "--json"},
                                             {"events"},
                                             {"cat", "kv"},
                                             {"cat", "kv", "--json"},
                                             {"cat", "kv", "get", "secrets/job/api", "of_git"},
                                             {"secrets", "list"},
                                             {"secrets", "list", "--json"},
                                             {"audit"},
                                             {"note"}}) {
    outputs_.push_back(world_.maand(arguments));
    EXPECT_EQ(outputs_.back().status, 0) << arguments.front() << outputs_.back().err;
  }
  EXPECT_NE(world_.maand({"render", "api@" + worker}).out.find("git=<secret>"), std::string::npos);
  EXPECT_NE(world_.maand({"render", "api@" + worker, "--reveal"}).out.find(kOfGit), std::string::npos)
      << "the search would find it";
  EXPECT_NE(world_.maand({"cat", "kv", "get", "secrets/job/api", "of_git", "--reveal"}).out.find(kOfGit),
            std::string::npos);
  outputs_.push_back({0, false, note + changed, world_.daemon_log()});
  for (const ProgramResult& output : outputs_) {
    EXPECT_EQ((output.out + output.err).find(kPlanted), std::string::npos) << output.out << output.err;
  }

  // Whatever lies somewhere: state, mirror, secrets, the repository, workers, scratch and temporary files.
  expect_nothing_in_processes();
  expect_nothing_below(world_.bucket());
  expect_nothing_below(world_.git().work());
  for (const int i : {0, 1}) {
    const fs::path root = world_.fleet().root(static_cast<std::size_t>(i));
    std::set<fs::path> meant = {world_.job_directory(i, "api") / "app.ini"};
    std::error_code error;
    // What goes back after a failure is a file of the job as well (R5.2), for its owner alone.
    for (const auto& entry : fs::recursive_directory_iterator(root, error)) {
      if (entry.path().string().find("/.maand/previous/api/") == std::string::npos ||
          entry.path().filename() != "app.ini")
        continue;
      meant.insert(entry.path());
      EXPECT_EQ(fs::status(entry.path()).permissions() & (fs::perms::others_all), fs::perms::none);
    }
    expect_nothing_below(root, meant);
  }
  for (const char* scratch : {"/dev/shm", "/run", "/tmp", "/var/tmp"}) {
    for (const auto& entry : fs::directory_iterator(scratch)) {
      if (entry.path().filename().string().rfind("maand-secret-", 0) == 0) {
        EXPECT_TRUE(eventually([&] { return !fs::exists(entry.path()); })) << entry.path() << " was left";
      }
      // The workers' as well: these directories are the machine's.
      std::error_code error;
      if (entry.is_regular_file(error) && entry.last_write_time(error) >= began_ &&
          entry.file_size(error) < (1u << 20)) {
        searched_ += 1;
        EXPECT_EQ(read_file(entry.path()).find(kPlanted), std::string::npos) << entry.path();
      }
    }
  }
  EXPECT_GT(searched_, 100);
}

TEST_F(SecretsWorld, WithThePublicKeyAloneSomebodySetsWhatOnlyTheBucketOpens) {
  const ProgramResult key = world_.maand({"secrets", "recipient"});
  expect_done(key);
  GitChanges changes = api();
  changes["jobs/api/app.ini.tpl"] = "git={{getSecret \"of_git\"}}\n";
  changes["age.recipients"] = key.out;
  world_.commit(changes);
  expect_done(in_checkout({"secrets", "set", "api", "of_git"}, kOfGit, false));
  EXPECT_NE(in_checkout({"secrets", "list"}, "", false).out.find("encrypted"), std::string::npos);
  // An editor sees nothing it may not: a key is added, and what is hidden stays.
  expect_done(in_checkout({"secrets", "edit", "api"}, "", false,
                          "sh -c 'grep -q pl4nted \"$1\" && exit 1; echo \"more = \\\"m\\\"\" >>\"$1\"' sh"));
  EXPECT_NE(in_checkout({"secrets", "list"}).out.find("opens"), std::string::npos);
  const std::string commit = world_.commit({}, "a secret");
  world_.serve();
  world_.wait_for_note(commit, "applied");
  EXPECT_EQ(file(0, "app.ini"), "git=" + kOfGit + "\n");

  // Where the key is, the editor shows and changes it.
  expect_done(in_checkout({"secrets", "edit", "api"}, "", true, "sed -i s/in-git/edited-in-git/"));
  expect_done(in_checkout({"secrets", "remove", "api", "more"}));
  const std::string edited = world_.commit({}, "edited");
  world_.reconcile();
  world_.wait_for_note(edited, "applied");
  EXPECT_EQ(file(1, "app.ini"), "git=" + kPlanted + "edited-in-git\n");
  EXPECT_EQ(in_checkout({"secrets", "edit", "api"}, "", true, "true").err, "Nothing is changed.\n");
  EXPECT_EQ(in_checkout({"secrets", "edit", "api"}, "", true, "false").status, 1);
}

TEST_F(SecretsWorld, WhatDoesNotOpenHoldsItsJobAndStopsNothingUntilTheKeyIsBack) {
  GitChanges changes = api();
  changes["jobs/api/app.ini.tpl"] = "git={{getSecret \"of_git\"}}\n";
  const GitChanges other = BucketWorld::job("other", "1.0.0");
  changes.insert(other.begin(), other.end());
  world_.commit(changes);
  expect_done(in_checkout({"secrets", "set", "api", "of_git"}, kOfGit));
  const std::string first = world_.commit({}, "a secret");
  world_.serve();
  world_.wait_for_note(first, "applied");
  ASSERT_EQ(runs(0), 1u);

  const fs::path key = world_.bucket() / "secrets" / "age.key";
  fs::rename(key, key.string() + ".away");
  world_.kill_daemon();  // what it opened before is forgotten
  GitChanges next = BucketWorld::job("other", "1.1.0");
  next["jobs/api/app.ini.tpl"] = "git={{getSecret \"of_git\"}} once more\n";
  const std::string second = world_.commit(next, "without the key");
  world_.serve();
  const std::string note = world_.wait_for_note(second, "held");
  EXPECT_NE(note.find("SecretLocked"), std::string::npos) << note;
  const ProgramResult why = world_.maand({"why", "api"});
  EXPECT_NE(why.out.find("age.key is missing; put the bucket's key back from a backup"), std::string::npos)
      << why.out << why.err;
  EXPECT_EQ(runs(0), 1u) << "it goes on as it was";
  EXPECT_EQ(file(0, "app.ini"), "git=" + kOfGit + "\n");
  EXPECT_EQ(world_.events(0, "other").size(), 2u) << "other jobs go on";

  fs::rename(key.string() + ".away", key);
  EXPECT_TRUE(eventually([&] {
    world_.reconcile();
    return runs(0) == 2u && runs(1) == 2u;
  })) << world_.daemon_log();
  EXPECT_EQ(file(0, "app.ini"), "git=" + kOfGit + " once more\n");
  world_.wait_for_note(second, "applied");
}

}  // namespace
}  // namespace maand::testing
