// What `maand health_check` asks, and what it makes of the answers.
#include "reconciler/cli/health_round.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "reconciler/cli/context.h"
#include "tests/support/desire.h"

namespace maand {
namespace {

using ::testing::HasSubstr;

// Answers at once on the caller's thread, as a table says. Thread-safe.
class TableRunner : public Runner {
 public:
  // Per `job's port:worker` the answers one after another (`h`, `u`); the last stays.
  std::map<std::string, std::string> answers;
  std::map<std::string, int> asked;

  void probe(const Endpoint& endpoint, const HealthSpec& spec, HealthSink sink) override {
    const std::string key = std::to_string(spec.checks.at(0).port) + ":" + endpoint.host.str();
    bool healthy = true;
    {
      const std::lock_guard lock(mutex_);
      const auto turn = static_cast<std::size_t>(asked[key]++);
      const std::string& script = answers[key];
      if (!script.empty()) healthy = script[std::min(turn, script.size() - 1)] == 'h';
    }
    sink(healthy ? Health::kHealthy : Health::kUnhealthy, healthy ? "" : "tcp web: refused");
  }
  void submit(const Operation&, OutcomeSink) override {}
  void ask(const Operation&, OutcomeSink) override {}
  void confirm(const Operation&, OutcomeSink) override {}
  void contact(const Endpoint&, ContactSink) override {}
  void recall(const Endpoint&, const WorkerHost&, RecallSink) override {}
  void look(const LookCall&, LookSink) override {}
  void release_connections() override {}
  void stop() override {}

 private:
  std::mutex mutex_;
};

// Jobs `api` (port 1) and `db` (port 2) on w1 and w2, `cron` without checks.
struct World {
  World() {
    for (const char* host : {"w1", "w2"}) {
      Worker worker;
      worker.host = WorkerHost(host);
      worker.address = host;
      worker.labels = {"worker"};
      workspace.workers.push_back(worker);
    }
    int port = 0;
    for (const char* name : {"api", "cron", "db"}) {
      Job job;
      job.name = JobName(name);
      job.version = "1.0.0";
      job.selectors = {"worker"};
      job.tree = TreeId(std::string("tree-") + name);
      job.files = make_file_set({});
      if (job.name != JobName("cron")) job.health.checks = {{HealthCheck::Type::kTcp, ++port, "web"}};
      job.health.attempts = 3;
      job.health.interval = Seconds{0};
      workspace.jobs[job.name] = job;
      for (const Worker& worker : workspace.workers) {
        AppliedAllocation& one = applied.allocations[{job.name, worker.host}];
        one.key = {job.name, worker.host};
        one.running = true;
        one.version = job.version;
        one.files = job.files;
        one.tree = job.tree;
        one.last = LastResult::kConfirmed;
      }
    }
  }
  std::vector<CheckedJob> check(const std::vector<std::string>& names = {}, bool wait = false) {
    const DesiredState desired = desire(CommitId("c"), workspace, applied);
    std::vector<CheckedJob> jobs = jobs_to_check(desired, applied, {}, names);
    check_jobs(runner, jobs, wait);
    return jobs;
  }
  static std::string told(const std::vector<CheckedJob>& jobs) {
    std::string out;
    for (const CheckedJob& job : jobs) {
      out += (out.empty() ? "" : "; ") + job.job.str() + " " + to_string(job.result);
      if (!job.detail.empty()) out += " (" + job.detail + ")";
      for (const CheckedAllocation& one : job.allocations) {
        if (!one.detail.empty()) out += ", " + one.key.worker.str() + ": " + one.detail;
      }
    }
    return out;
  }

  Workspace workspace;
  AppliedState applied;
  TableRunner runner;
};

TEST(HealthRound, EachJobPassesFailsOrIsSkipped) {
  World world;
  EXPECT_EQ(World::told(world.check()), "api passed; cron skipped (it has no health checks); db passed");
  world.runner.answers["2:w2"] = "u";
  EXPECT_EQ(World::told(world.check()),
            "api passed; cron skipped (it has no health checks); db failed, w2: tcp web: refused");
  EXPECT_EQ(World::told(world.check({" api "})), "api passed");
  EXPECT_EQ(world.runner.asked["1:w1"], 3);
  EXPECT_EQ(world.runner.asked["2:w2"], 2) << "without --wait each is asked once";
}

TEST(HealthRound, WithWaitAJobHasAsManyAttemptsAsItsManifestSays) {
  World world;
  world.runner.answers["1:w1"] = "uuh";
  world.runner.answers["2:w1"] = "uuuh";
  EXPECT_EQ(World::told(world.check({"api", "db"}, true)), "api passed; db failed, w1: tcp web: refused");
  EXPECT_EQ(world.runner.asked["1:w1"], 3);
  EXPECT_EQ(world.runner.asked["2:w1"], 3);
}

TEST(HealthRound, WhatIsNotRunningFailsAndWhatRunsOtherContentIsNotAsked) {
  World world;
  world.applied.allocations[{JobName("api"), WorkerHost("w1")}].running = false;
  AppliedAllocation& older = world.applied.allocations[{JobName("db"), WorkerHost("w2")}];
  older.version = "0.9.0";
  older.tree = TreeId("older");
  EXPECT_EQ(World::told(world.check({"api", "db"}, true)),
            "api failed, w1: it is not running; "
            "db passed, w2: not asked: it does not run yet what these checks belong to");
  EXPECT_EQ(world.runner.asked.count("1:w1"), 0u);
  EXPECT_EQ(world.runner.asked.count("2:w2"), 0u);
  EXPECT_EQ(world.runner.asked["1:w2"], 1) << "waiting would not start it";

  world.workspace.disabled.jobs[JobName("api")] = {};
  world.applied.allocations[{JobName("db"), WorkerHost("w1")}].stopped_by = StoppedBy{"eve", "repair"};
  world.applied.allocations[{JobName("db"), WorkerHost("w2")}].stopped_by = StoppedBy{"eve", "repair"};
  EXPECT_EQ(World::told(world.check({"api", "db"})),
            "api skipped (it has no active allocation); db skipped (it has no active allocation)");
}

TEST(HealthRound, WhatFailedLastFailsAlthoughNobodyAsksIt) {
  World world;
  world.applied.allocations[{JobName("db"), WorkerHost("w1")}].last = LastResult::kFailed;
  EXPECT_THAT(World::told(world.check({"db"})),
              HasSubstr("db failed, w1: it failed when it was acted on last"));
  EXPECT_EQ(world.runner.asked.count("2:w1"), 0u);
}

TEST(HealthRound, AnUnknownJobIsAUsageErrorThatNamesTheNearest) {
  World world;
  const struct {
    const char* name;
    const char* told;
  } kCases[] = {
      {"apj", "there is no job \"apj\"; did you mean `api`?"},
      {"something-else", "there is no job \"something-else\"; `maand status`"},
      {"a\nb", "\"a\\x0ab\""},
  };
  for (const auto& [name, told] : kCases) {
    try {
      world.check({"db", name});
      ADD_FAILURE() << name;
    } catch (const CommandError& error) {
      EXPECT_EQ(error.status(), kExitUsage);
      EXPECT_THAT(error.what(), HasSubstr(told));
    }
  }
}

}  // namespace
}  // namespace maand
