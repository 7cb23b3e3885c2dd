// `maand plan`: what would change, file by file, and what it takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/store/kv_store.h"
#include "tests/unit/cli/bucket.h"

namespace maand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kMakefile = "start stop restart:\n\ttrue\n";

class Plan : public ::testing::Test {
 protected:
  CommitId push(const GitChanges& changes) {
    bucket_.git.commit(changes, "change");
    return CommitId(bucket_.git.git({"rev-parse", "HEAD"}));
  }
  CommitId push_api(const std::string& version, const std::string& text) {
    return push(
        {{"workspace/workers.json", workers_},
         {"workspace/jobs/api/manifest.json",
          R"({"version": ")" + version +
              R"(", "selectors": ["worker"], "resources": {"memory": {"min": "64 mb", "max": "128 mb"},
                         "ports": {"api_http": {}}}})"},
         {"workspace/jobs/api/Makefile", kMakefile},
         {"workspace/jobs/api/app.ini.tpl", text}});
  }
  ShippedFile makefile(const CommitId& commit) {
    const std::string blob = bucket_.git.git({"rev-parse", commit.str() + ":workspace/jobs/api/Makefile"});
    return {.path = "Makefile",
            .content = sha256(kMakefile),
            .size_bytes = std::string(kMakefile).size(),
            .blob = BlobId(blob)};
  }
  // As if a worker had confirmed `commit`, whose template gave `text`.
  void apply(const CommitId& commit, const std::string& text, int permissions = 0) {
    ShippedFile ini{.path = "app.ini", .content = sha256(text), .size_bytes = text.size()};
    ini.attributes.permissions = permissions;
    AppliedAllocation one = running("api", "10.0.0.1", "1.0.0");
    one.commit = commit;
    one.confirmed_at = WallTime(std::chrono::milliseconds(1'700'000'000'000));
    one.files = make_file_set({makefile(commit), ini});
    one.rendered_with.values = sha256("what it read");
    bucket_.store()->settle({one}, {}, 0);
  }
  void store_secret(const std::string& value) {
    open_kv_store(bucket_.path() / "secrets")
        ->write({{ValueChange::Kind::kPutSecret, "secrets/job/api", "token", value}},
                std::chrono::system_clock::now());
  }

  MadeBucket bucket_;
  std::string workers_ = R"([{"host": "10.0.0.1", "memory": "1 gb"}])";
};

TEST_F(Plan, ShowsADiffOfWhatIsRenderedAgainstWhatIsApplied) {
  apply(push_api("1.0.0", "me={{.WorkerIP}}\nlevel=info\n"), "me=10.0.0.1\nlevel=info\n");
  push_api("1.1.0", "me={{.WorkerIP}}\nlevel=debug\n");
  const ProgramResult result = bucket_.run({"plan", "-v"});
  EXPECT_EQ(result.status, 3) << result.err;
  EXPECT_THAT(result.out,
              HasSubstr("\nWave 0:\n"
                        "  api  1.0.0 → 1.1.0\n"
                        "    ~ 10.0.0.1  restart  VersionChanged, the version changes from 1.0.0 to 1.1.0\n"
                        "        ~ app.ini, 23 → 24 bytes\n"
                        "          @@ -1,2 +1,2 @@\n"
                        "           me=10.0.0.1\n"
                        "          -level=info\n"
                        "          +level=debug\n"));
  EXPECT_THAT(result.out, ::testing::EndsWith("\nPlan: 1 to restart; 0 unchanged\n"));
  EXPECT_THAT(bucket_.run({"plan"}).out, Not(HasSubstr("level=")));
  EXPECT_THAT(
      bucket_.run({"plan", "--json"}).out,
      HasSubstr(
          R"("files":[{"path":"app.ini","change":"changed","old_bytes":23,"new_bytes":24,"diff":["@@ -1,2 +1,2 @@"," me=10.0.0.1","-level=info","+level=debug"]}])"));
}

TEST_F(Plan, SaysSoWhereTheOldContentIsNotKnown) {
  apply(push_api("1.0.0", "level={{get \"vars/bucket\" \"level\"}}\n"), "level=one nobody knows any more\n");
  push_api("1.1.0", "level=debug\n");
  EXPECT_THAT(
      bucket_.run({"plan", "-v"}).out,
      AllOf(HasSubstr("~ app.ini, 32 → 12 bytes, old content is not known here\n"), Not(HasSubstr("@@"))));
  AppliedAllocation gone = bucket_.store()->load().allocations.begin()->second;
  gone.commit = kOldCommit;  // the mirror has no such commit
  bucket_.store()->settle({gone}, {}, 0);
  EXPECT_THAT(bucket_.run({"plan", "-v"}).out, HasSubstr("old content is not known here"));
}

TEST_F(Plan, NeverShowsASecretNorHowLongItIs) {
  store_secret("s3cret");
  apply(push_api("1.0.0", "token={{getSecret \"token\"}}\nlevel=info\n"), "token=s3cret\nlevel=info\n", 0640);
  push_api("1.1.0", "token={{upper (getSecret \"token\")}}\nlevel=debug\n");
  const ProgramResult result = bucket_.run({"plan", "-v"});
  EXPECT_THAT(result.out, AllOf(HasSubstr("-token=<secret>"), HasSubstr("+token=<SECRET>"),
                                HasSubstr("~ app.ini\n"), HasSubstr("+level=debug")));
  for (const std::string& out : {result.out + result.err, bucket_.run({"plan", "--json"}).out}) {
    EXPECT_THAT(out, AllOf(Not(HasSubstr("s3cret")), Not(HasSubstr("S3CRET"))));
  }
}

TEST_F(Plan, AnotherSecretAloneDiffersAndThatIsAll) {
  store_secret("s3cret");
  apply(push_api("1.0.0", "token={{getSecret \"token\"}}\n"), "token=s3cret\n", 0640);
  store_secret("n3w");
  const ProgramResult result = bucket_.run({"plan", "-v"});
  EXPECT_EQ(result.status, 3) << result.out;
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("~ app.ini, differs (holds a secret), old content is not known here"),
                    Not(HasSubstr("n3w")), Not(HasSubstr("s3cret"))));
}

TEST_F(Plan, WhatCannotBeRenderedWithoutItsSecretIsNotShown) {
  store_secret("12345");
  apply(push_api("1.0.0", "n=1\n"), "n=1\n");
  push_api("1.1.0", "n={{add 1 (int (getSecret \"token\"))}}\n");
  const ProgramResult result = bucket_.run({"plan", "-v"});
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("~ app.ini, 0644 → 0640, differs (holds a secret)"), Not(HasSubstr("12346"))));
}

TEST_F(Plan, ShowsPortsAndReservationsAgainstCapacity) {
  push_api("1.0.0", "x\n");
  const ProgramResult result = bucket_.run({"plan", "-v"});
  EXPECT_THAT(result.out, AllOf(HasSubstr("+ app.ini, 2 bytes"), HasSubstr("+ Makefile"),
                                HasSubstr("\nPorts\n"), HasSubstr("api_http  30000  pool"),
                                HasSubstr("\nReservations against capacity\n"), HasSubstr("1024")));
  EXPECT_THAT(bucket_.run({"plan", "--json"}).out,
              AllOf(HasSubstr(R"("ports":[{"job":"api","name":"api_http","port":30000,"from":"pool"}])"),
                    HasSubstr(R"("memory_mb":1024,"memory_reserved_mb":128)"), HasSubstr(R"("wave":0)")));
}

TEST_F(Plan, TellsTheSameDiffOfASecondWorkerInALine) {
  workers_ = R"([{"host": "10.0.0.1", "memory": "1 gb"}, {"host": "10.0.0.2", "memory": "1 gb"}])";
  apply(push_api("1.0.0", "level=info\n"), "level=info\n");
  AppliedAllocation other = bucket_.store()->load().allocations.begin()->second;
  other.key.worker = WorkerHost("10.0.0.2");
  other.endpoint.host = other.key.worker;
  bucket_.store()->settle({other}, {}, 0);
  push_api("1.1.0", "level=debug\n");
  const ProgramResult result = bucket_.run({"plan", "-v"});
  EXPECT_THAT(result.out, HasSubstr("      files as for api@10.0.0.1\n"));
  EXPECT_EQ(result.out.find("+level=debug"), result.out.rfind("+level=debug"));
}

TEST_F(Plan, NamesEveryMissingValueAtOnce) {
  push_api("1.0.0", "{{get \"vars/job/api\" \"a\"}}{{get \"vars/job/api\" \"b\"}}{{getSecret \"c\"}}\n");
  const std::string names = "secrets/job/api/c, vars/job/api/a and vars/job/api/b";
  const ProgramResult plan = bucket_.run({"plan"});
  EXPECT_EQ(plan.status, 4);
  EXPECT_THAT(plan.out, HasSubstr(names + "  MissingValue"));
  EXPECT_THAT(bucket_.run({"why", "api"}).out, AllOf(HasSubstr("api waits  MissingValue"), HasSubstr(names)));
}

TEST_F(Plan, WavesFollowDemands) {
  const auto job = [](const std::string& commands) {
    return R"({"version": "1.0.0", "selectors": ["worker"], "commands": {)" + commands + "}}";
  };
  push(
      {{"workspace/workers.json", R"([{"host": "10.0.0.1"}])"},
       {"workspace/jobs/db/manifest.json", job(R"("command_ask": {"executed_on": ["cli"]})")},
       {"workspace/jobs/db/Makefile", kMakefile},
       {"workspace/jobs/db/_modules/command_ask.py", "print()\n"},
       {"workspace/jobs/api/manifest.json",
        job(R"("command_need": {"executed_on": ["cli"], "demands": {"job": "db", "command": "command_ask"}})")},
       {"workspace/jobs/api/_modules/command_need.py", "print()\n"},
       {"workspace/jobs/api/Makefile", kMakefile}});
  const std::string out = bucket_.run({"plan"}).out;
  EXPECT_LT(out.find("Wave 0:\n  db  1.0.0\n    + 10.0.0.1"),
            out.find("Wave 1:\n  api  1.0.0\n    + 10.0.0.1"))
      << out;
  EXPECT_NE(out.find("Wave 1:\n  api  1.0.0\n    + 10.0.0.1  start"), std::string::npos) << out;
  EXPECT_THAT(out, ::testing::EndsWith("\nPlan: 2 to start; 0 unchanged\n"));
  EXPECT_THAT(bucket_.run({"plan", "--json"}).out, HasSubstr(R"("counts":{"start":2})"));
}

TEST_F(Plan, CatDeploymentsTellsWhatWorkersHaveConfirmed) {
  const CommitId commit = push_api("1.0.0", "x\n");
  apply(commit, "x\n");
  EXPECT_EQ(
      bucket_.run({"cat", "deployments", "--json"}).out,
      R"([{"job":"api","worker":"10.0.0.1","version":"1.0.0","commit":")" + commit.str() +
          R"(","confirmed_at":"2023-11-14T22:13:20.000Z","state":"running","last_target":"start","last_result":"confirmed"}])"
          "\n");
  EXPECT_THAT(bucket_.run({"cat", "deployments"}).out, HasSubstr("CONFIRMED AT"));
  EXPECT_EQ(bucket_.run({"cat", "deployments", "--jobs", "nobody"}).status, 2);
}

TEST_F(Plan, CatPrometheusTellsTheAssembledCatalogue) {
  push_api("1.0.0", "x\n");
  EXPECT_EQ(bucket_.run({"cat", "prometheus", "--json"}).out, "[]\n") << "there is no server";
  push(
      {{"workspace/jobs/prom/manifest.json",
        R"({"version": "1.0.0", "selectors": ["worker"], "resources": {"ports": {"prometheus_port_http": {}}}})"},
       {"workspace/jobs/prom/Makefile", kMakefile},
       {"workspace/jobs/prom/prometheus.yml.tpl", "scrape_configs:{{scrapeConfigs}}\n{{ruleFiles}}"},
       {"workspace/jobs/api/_prometheus/scrape.yaml",
        "- job_name: maand:job\n  static_configs:\n    - targets: [\"maand:port/api_http\", "
        "\"10.9.9.9:1\"]\n"},
       {"workspace/jobs/api/_prometheus/alerts/a.yaml",
        "groups:\n  - name: g\n    rules:\n      - alert: Down\n        expr: up == 0\n        annotations: "
        "{runbook: down}\n"},
       {"workspace/jobs/api/_prometheus/runbooks/down.md", "# It is down\n"},
       {"workspace/jobs/api/_prometheus/dashboards/d.html", "<title>All of it</title>"}});
  const std::string out = bucket_.run({"cat", "prometheus", "--json"}).out;
  for (const char* row :
       {R"({"kind":"scrape","job":"api","name":"api","detail":"10.0.0.1:30000,10.9.9.9:1"})",
        R"({"kind":"rules","job":"api","name":"rules/api/a.yaml","detail":"Down"})",
        R"({"kind":"runbook","job":"api","name":"down","detail":"It is down"})",
        R"({"kind":"dashboard","job":"api","name":"d.html","detail":"All of it"})",
        R"({"kind":"server","job":"prom","name":"prom","detail":"10.0.0.1"})"}) {
    EXPECT_THAT(out, HasSubstr(row));
  }
  EXPECT_THAT(bucket_.run({"cat", "prometheus", "--jobs", "api"}).out, Not(HasSubstr("server")));
}

}  // namespace
}  // namespace maand::testing
