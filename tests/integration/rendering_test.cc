// Templates, variables, ports and order on two real sshd workers: what a commit
// says with them is what lies on the workers, and nothing rolls out by itself.
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "reconciler/store/kv_store.h"
#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

using Events = std::vector<std::string>;

class Rendering : public ::testing::Test {
 protected:
  // Both have memory to give; the first has a label of its own.
  std::string workers() {
    return "[{\"host\": \"" + address(0) +
           "\", \"labels\": [\"first\"], \"memory\": \"1 gb\"}, {\"host\": \"" + address(1) +
           "\", \"memory\": \"1 gb\"}]";
  }
  std::string deploy(GitChanges changes) {
    changes["workers.json"] = workers();
    const std::string commit = world_.commit(changes, "first");
    world_.serve();
    return world_.wait_for_note(commit, "applied");
  }
  std::string apply(const GitChanges& changes, const std::string& state = "applied") {
    const std::string commit = world_.commit(changes);
    world_.reconcile();
    return world_.wait_for_note(commit, state);
  }
  std::string file(int worker, const std::string& job, const std::string& path) {
    return read_file(world_.job_directory(worker, job) / path);
  }
  int mode(int worker, const std::string& job, const std::string& path) {
    struct stat found {};
    EXPECT_EQ(stat((world_.job_directory(worker, job) / path).c_str(), &found), 0) << path;
    return static_cast<int>(found.st_mode & 07777);
  }
  std::size_t runs(int worker, const std::string& job) { return world_.events(worker, job).size(); }
  std::string address(std::size_t worker) { return world_.fleet().address(worker); }

  BucketWorld world_;
};

// Six jobs, every kind of value: what a workspace of the original can say.
GitChanges six_jobs() {
  GitChanges all =
      BucketWorld::job("db", "1.0.0", R"("resources": {"memory": {"min": "64 mb", "max": "128 mb"},
    "ports": {"db_port": {}}}, "commands": {"command_ask": {"executed_on": ["cli"]}})",
                       {{"_modules/command_ask.py", "print('hello')\n"},
                        {"db.conf.tpl", "port={{get \"maand/bucket\" \"db_port\"}}\n"}});
  const auto add = [&all](const GitChanges& more) { all.insert(more.begin(), more.end()); };
  add(BucketWorld::job(
      "api", "2.0.0",
      R"("resources": {"ports": {"api_http": {}}}, "commands": {"command_need": {"executed_on": ["cli"],
    "demands": {"job": "db", "command": "command_ask", "config": {"min_version": "1.0"}}}},
    "files": {"app.ini": {"mode": "0600"}})",
      {{"_modules/command_need.py", "print('hello')\n"},
       {"vars.toml", "greeting = \"hello\"\n"},
       {"app.ini.tpl",
        "greeting={{get \"vars/job/api\" \"greeting\"}}\nme={{.WorkerIP}}\n"
        "db={{range $i, $w := split (get \"maand/job/db\" \"workers\") \",\"}}{{if $i}};{{end}}"
        "{{$w}}:{{get \"maand/bucket\" \"db_port\"}}{{end}}\n"
        "peers={{get (printf \"maand/job/api/worker/%s\" .WorkerIP) \"peer_workers\"}}\n"}}));
  add(BucketWorld::job("version", "1.0.0", "",
                       {{"was.txt.tpl", "from {{.CurrentVersion}} at {{.UpdateSeq}}\n"}}));
  add(BucketWorld::job("domain", "1.0.0", "", {{"name.txt.tpl", "{{get \"vars/bucket\" \"domain\"}}\n"}}));
  add(BucketWorld::job("first", "1.0.0", "", {{"run.sh.tpl", "#!/bin/sh\necho {{.Job}}\n"}}));
  all["jobs/first/manifest.json"] = R"({"version": "1.0.0", "selectors": ["first"]})";
  add(BucketWorld::job("plain", "1.0.0"));
  all["bucket.conf"] = "domain = \"example.org\"\nport_min = \"31000\"\nport_max = \"31009\"\n";
  all["bucket.jobs.conf"] = "[db]\nmemory = \"100 mb\"\n";
  return all;
}

TEST_F(Rendering, SixJobsDeployOnceAndTheSecondTimeThereIsNothingToDo) {
  const std::string note = deploy(six_jobs());
  EXPECT_NE(note.find("11 started"), std::string::npos) << note;
  // Ports in the order of (job, name): api, then db.
  EXPECT_EQ(file(0, "db", "db.conf"), "port=31001\n");
  EXPECT_EQ(file(1, "api", "app.ini"), "greeting=hello\nme=" + address(1) + "\ndb=" + address(0) + ":31001;" +
                                           address(1) + ":31001\npeers=" + address(0) + "\n");
  EXPECT_EQ(mode(1, "api", "app.ini"), 0600);
  EXPECT_EQ(file(0, "version", "was.txt").rfind("from 0.0.0 at ", 0), 0u);
  EXPECT_EQ(file(0, "domain", "name.txt"), "example.org\n");
  EXPECT_FALSE(std::filesystem::exists(world_.job_directory(0, "api") / "app.ini.tpl"))
      << "sources are not shipped";
  EXPECT_FALSE(std::filesystem::exists(world_.job_directory(0, "api") / "vars.toml"));

  const auto shown = [this](std::vector<std::string> arguments) {
    const ProgramResult result = world_.maand(std::move(arguments));
    EXPECT_EQ(result.status, 0) << result.err;
    return result.out;
  };
  EXPECT_NE(shown({"cat", "job_ports", "--json"})
                .find(R"({"job":"db","name":"db_port","port":31001,"from":"pool"})"),
            std::string::npos);
  EXPECT_NE(shown({"cat", "jobs", "--jobs", "db", "--json"})
                .find(R"("memory_mb":100,"memory_source":"bucket.jobs.conf")"),
            std::string::npos);
  EXPECT_NE(shown({"cat", "jobs", "--jobs", "api", "--json"}).find(R"("wave":1)"), std::string::npos);
  EXPECT_NE(shown({"cat", "workers", "--json"}).find(R"("memory_mb":1024,"memory_reserved_mb":100)"),
            std::string::npos);
  EXPECT_NE(shown({"cat", "job_commands"}).find("command_need"), std::string::npos);
  EXPECT_NE(shown({"cat", "allocations"}).find(address(1)), std::string::npos);
  EXPECT_EQ(shown({"cat", "kv", "get", "vars/job/api", "greeting"}),
            "namespace: vars/job/api\nkey: greeting\nvalue: hello\nversion: 0\n");
  EXPECT_NE(shown({"cat", "kv", "--jobs", "api"}).find("db_port"), std::string::npos);

  const int logins = world_.logins();
  const std::string second = apply({{"../README.md", "words\n"}});
  EXPECT_NE(second.find("11 unchanged"), std::string::npos) << second;
  EXPECT_EQ(world_.logins(), logins) << "no change, no contact";
}

TEST_F(Rendering, AValueOfTheBucketRollsOutExactlyWhatReadsIt) {
  deploy(six_jobs());
  const std::string note =
      apply({{"bucket.conf", "domain = \"example.com\"\nport_min = \"31000\"\nport_max = \"31009\"\n"}});
  EXPECT_NE(note.find("2 restarted"), std::string::npos) << note;
  EXPECT_NE(note.find("ValueChanged"), std::string::npos) << note;
  EXPECT_EQ(file(0, "domain", "name.txt"), "example.com\n");
  EXPECT_EQ(runs(0, "domain"), 2u);
  for (const char* job : {"db", "api", "version", "plain"}) EXPECT_EQ(runs(0, job), 1u) << job;
}

TEST_F(Rendering, ATemplateThatReadsTheCurrentVersionRollsOutOnce) {
  deploy(BucketWorld::job("api", "1.0.0", "",
                          {{"was.txt.tpl", "from {{.CurrentVersion}} at {{.UpdateSeq}}\n"}}));
  apply({{"../README.md", "words\n"}});
  EXPECT_EQ(runs(0, "api"), 1u);
  apply(BucketWorld::job("api", "1.1.0"));
  EXPECT_EQ(file(0, "api", "was.txt").rfind("from 1.0.0 at ", 0), 0u);
  apply({{"../README.md", "other words\n"}});
  EXPECT_EQ(runs(0, "api"), 2u);
}

TEST_F(Rendering, AMissingValueIsWaitedForAndNeedsNoCommit) {
  const std::string commit = world_.commit([&] {
    GitChanges changes =
        BucketWorld::job("api", "1.0.0", "", {{"a.tpl", "{{get \"vars/job/api\" \"token\"}}"}});
    const GitChanges other = BucketWorld::job("other", "1.0.0");
    changes.insert(other.begin(), other.end());
    changes["workers.json"] = world_.workers_json(2);
    return changes;
  }());
  world_.serve();
  const std::string note = world_.wait_for_note(commit, "degraded");
  EXPECT_NE(note.find("MissingValue"), std::string::npos) << note;
  EXPECT_NE(note.find("vars/job/api/token"), std::string::npos) << note;
  EXPECT_EQ(runs(0, "api"), 0u);
  EXPECT_EQ(runs(0, "other"), 1u) << "other jobs go on";
  const ProgramResult why = world_.maand({"why", "api"});
  EXPECT_NE(why.out.find("MissingValue"), std::string::npos) << why.out << why.err;

  open_kv_store(world_.bucket() / "secrets")
      ->write({{ValueChange::Kind::kPut, "vars/job/api", "token", "hello"}},
              std::chrono::system_clock::now());
  world_.wait_for_note(commit, "applied");
  EXPECT_EQ(file(1, "api", "a"), "hello");
  open_kv_store(world_.bucket() / "secrets")
      ->write({{ValueChange::Kind::kPut, "vars/job/api", "token", "hello again"}},
              std::chrono::system_clock::now());
  EXPECT_TRUE(eventually([&] { return runs(1, "api") == 2u; })) << world_.daemon_log();
  EXPECT_EQ(file(1, "api", "a"), "hello again");
}

TEST_F(Rendering, ASecretLiesOnTheWorkerForItsOwnerAndGroupAlone) {
  open_kv_store(world_.bucket() / "secrets")
      ->write({{ValueChange::Kind::kPutSecret, "secrets/job/api", "token", "s3cret-of-api"}},
              std::chrono::system_clock::now());
  const std::string note = deploy(
      BucketWorld::job("api", "1.0.0", "", {{"token.tpl", "{{getSecret \"token\"}}"}, {"open", "open"}}));
  EXPECT_EQ(file(0, "api", "token"), "s3cret-of-api");
  EXPECT_EQ(mode(0, "api", "token"), 0640);
  EXPECT_EQ(mode(0, "api", "open"), 0644);
  EXPECT_EQ(note.find("s3cret"), std::string::npos);
  EXPECT_EQ(world_.daemon_log().find("s3cret"), std::string::npos);
  EXPECT_EQ(read_file(world_.bucket() / "data" / "state.db").find("s3cret"), std::string::npos);
  EXPECT_NE(world_.maand({"cat", "kv"}).out.find("[encrypted]"), std::string::npos);
  EXPECT_EQ(world_.maand({"cat", "kv", "--json"}).out.find("s3cret"), std::string::npos);
  EXPECT_NE(
      world_.maand({"cat", "kv", "get", "secrets/job/api", "token", "--reveal"}).out.find("s3cret-of-api"),
      std::string::npos);
  const ProgramResult shown = world_.maand({"render", "api@" + address(0)});
  EXPECT_NE(shown.out.find("<secret>"), std::string::npos) << shown.out << shown.err;
  EXPECT_EQ(shown.out.find("s3cret"), std::string::npos);
  EXPECT_NE(
      world_.maand({"render", "api@" + address(0), "--file", "token", "--reveal"}).out.find("s3cret-of-api"),
      std::string::npos);
}

TEST_F(Rendering, APlanShowsWhatChangesInAFileButNeverItsSecret) {
  const auto with = [](const std::string& level) {
    return BucketWorld::job("api", "1.0.0", "",
                            {{"app.ini.tpl", "token={{getSecret \"token\"}}\nme={{.WorkerIP}}\nlevel=" +
                                                 level + "\nupper={{upper (getSecret \"token\")}}\n"}});
  };
  open_kv_store(world_.bucket() / "secrets")
      ->write({{ValueChange::Kind::kPutSecret, "secrets/job/api", "token", "s3cret-of-api"}},
              std::chrono::system_clock::now());
  deploy(with("info"));
  ASSERT_NE(file(0, "api", "app.ini").find("S3CRET-OF-API"), std::string::npos);
  EXPECT_EQ(world_.maand({"plan", "-v"}).status, 0) << "nothing would change";
  EXPECT_NE(world_.maand({"cat", "deployments"}).out.find("running"), std::string::npos);
  world_.stop_daemon();
  world_.commit(with("debug"));
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"plan", "-v"}, std::vector<std::string>{"plan", "--json"}}) {
    const ProgramResult plan = world_.maand(arguments);
    EXPECT_EQ(plan.status, 3) << plan.err;
    const std::string all = plan.out + plan.err;
    EXPECT_NE(all.find("-level=info"), std::string::npos) << all;
    EXPECT_NE(all.find("+level=debug"), std::string::npos) << all;
    EXPECT_NE(all.find(" me=" + address(0)), std::string::npos) << all;
    EXPECT_NE(all.find("token=<secret>"), std::string::npos) << all;
    EXPECT_EQ(all.find("s3cret"), std::string::npos) << all;
    EXPECT_EQ(all.find("S3CRET"), std::string::npos) << all;
  }
}

TEST_F(Rendering, OwnersAndModesAreGivenAndTakenBack) {
  const auto with = [](const std::string& files) {
    return BucketWorld::job("api", "1.0.0", files, {{"conf", "a\n"}, {"run", "#!/bin/sh\n"}});
  };
  deploy(with(
      R"("files": {"conf": {"mode": "0600", "owner": "daemon", "group": "daemon"}, "run": {"mode": "0750"}})"));
  struct stat found {};
  ASSERT_EQ(stat((world_.job_directory(0, "api") / "conf").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0600u);
  EXPECT_EQ(found.st_uid, 1u) << "daemon";
  EXPECT_EQ(mode(0, "api", "run"), 0750);
  apply(with(R"("files": {"run": {"mode": "0700"}})"));
  ASSERT_EQ(stat((world_.job_directory(0, "api") / "conf").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0644u);
  EXPECT_EQ(found.st_uid, 0u);
  EXPECT_EQ(mode(0, "api", "run"), 0700);
  EXPECT_EQ(runs(0, "api"), 2u) << "what lies there changed, so the service is told";
}

}  // namespace
}  // namespace maand::testing
