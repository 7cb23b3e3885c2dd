// Canary, bake, failure budgets and the progress timeout: R2.9.
#include <gtest/gtest.h>

#include "tests/support/rollout_script.h"

namespace maand {
namespace {

using namespace std::chrono_literals;

JobText baking(const std::string& workers, Seconds bake) {
  JobText api = job("api").upgrade(workers).checks();
  api.plan.policy.bake = bake;
  api.plan.health.interval = 10s;
  return api;
}

// What an earlier pass left: w1 has the new content, and `left` of its bake.
JobText resumed(Seconds left) {
  JobText api = job("api").unchanged("w1").upgrade("w2").checks();
  api.plan.policy.bake = 60s;
  api.plan.health.interval = 10s;
  api.plan.bake_left = left;
  api.active("w1").bakes = true;
  return api;
}

TEST(RolloutBake, ABatchStaysHealthyForThatLongBeforeTheNextBegins) {
  RolloutScript script;
  script.put(baking("w1 w2", 60s));
  Instant second{};
  script.on_step = [&](const Step& step) {
    if (step.kind == Step::Kind::kRun && step.key.str() == "api@w2") second = script.now;
  };
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1 | restart w2");
  EXPECT_EQ(script.end("api"), "done");
  EXPECT_GE(second.time_since_epoch(), 60s) << "and the gate before it";
  EXPECT_GE(script.now - second, 60s) << "the last one bakes as well";
  EXPECT_GE(script.probes("api@w1"), 6) << "it is probed on meanwhile";
}

TEST(RolloutBake, AFailureWhileItBakesIsAGateFailure) {
  RolloutScript script;
  script.put(baking("w1 w2", 60s));
  script.on_step = [&](const Step&) {
    if (script.now.time_since_epoch() > 30s) script.unhealthy("api@w1");
  };
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1") << "w2 is not begun";
  EXPECT_EQ(script.end("api"), "failed: GateFailed");
}

TEST(RolloutBake, OneProbeThatFailsIsNoFailureYet_R5_8) {
  RolloutScript script;
  script.put(baking("w1", 60s));
  bool once = false;
  script.on_step = [&](const Step& step) {
    if (step.kind != Step::Kind::kProbe || script.now.time_since_epoch() < 30s) return;
    if (once) return script.healthy("api@w1");
    once = true;
    script.unhealthy("api@w1");
  };
  script.run();
  EXPECT_TRUE(once);
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutBake, WithoutChecksItIsAWait) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2");
  api.plan.policy.bake = 60s;
  script.put(api);
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1 | restart w2");
  EXPECT_EQ(script.now.time_since_epoch(), 120s);
}

TEST(RolloutBake, ItsClockStopsWhenTheJobIsSuspendedAndWhatIsLeftIsTold_R5_5) {
  RolloutScript script;
  script.put(baking("w1 w2", 60s));
  EXPECT_TRUE(script.rollout.bakes(script.now).empty()) << "nothing begun, nothing to tell";
  bool stopped = false;
  script.on_step = [&](const Step&) {
    if (stopped || script.now.time_since_epoch() < 30s) return;
    stopped = true;
    script.rollout.stop_job(JobName("api"), Reason::kSuspended);
  };
  script.run();
  EXPECT_EQ(script.end("api"), "stopped: Suspended");
  const auto left = script.rollout.bakes(script.now).at(JobName("api")).left;
  EXPECT_GT(left, 20s);
  EXPECT_LE(left, 40s);
  script.tick(3600s);
  EXPECT_EQ(script.rollout.bakes(script.now).at(JobName("api")).left, left);
}

TEST(RolloutBake, TheWholeOfItIsOwedFromTheFirstStepOn) {
  RolloutScript script;
  script.put(baking("w1", 60s));
  script.fetch();
  while (script.in_flight_of(Step::Kind::kRun).empty()) {
    script.answer_all();
    script.fetch();
  }
  EXPECT_EQ(script.rollout.bakes(script.now).at(JobName("api")).left, 60s);
  script.run();
  EXPECT_EQ(script.rollout.bakes(script.now).at(JobName("api")).left, 0s);
}

TEST(RolloutBake, WhatAnEarlierPassLeftBakesBeforeAnythingBegins) {
  RolloutScript script;
  script.put(resumed(25s));
  Instant second{};
  script.on_step = [&](const Step& step) {
    if (step.kind == Step::Kind::kRun) second = script.now;
  };
  script.run();
  EXPECT_EQ(script.log("api"), "restart w2");
  EXPECT_EQ(second.time_since_epoch(), 25s);
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutBake, WhatAnEarlierPassLeftMayFail) {
  RolloutScript script;
  script.put(resumed(60s));
  script.on_step = [&](const Step&) { script.unhealthy("api@w1"); };
  script.run();
  EXPECT_EQ(script.log("api"), "");
  EXPECT_EQ(script.end("api"), "failed: GateFailed");
}

TEST(RolloutBake, ItIsNoPartOfTheProgressTimeout) {
  RolloutScript script;
  JobText api = baking("w1 w2", 7200s);
  api.plan.policy.progress_timeout = 60s;
  script.put(api);
  script.run();
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutCanary, ItGoesFirstAndTheRestInUsualBatches) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2 w3 w4 w5").checks();
  api.plan.max_concurrent_upgrades = 2;
  api.plan.policy.canary = 1;
  script.put(api);
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1 | restart w2 w3 | restart w4 w5");
}

TEST(RolloutCanary, ItNeverMakesABatchLargerThanWhatMayBeOutAtOnce) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2 w3").checks();
  api.plan.policy.canary = 2;
  script.put(api);
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1 | restart w2 | restart w3");
}

TEST(RolloutCanary, StartsHaveOneToo) {
  RolloutScript script;
  JobText api = job("api").start("w1 w2 w3").checks();
  api.plan.policy.canary = 1;
  script.put(api);
  script.run();
  EXPECT_EQ(script.log("api"), "start w1 | start w2 w3");
}

TEST(RolloutCanary, ItsFailureStopsTheJobWhateverMaxFailuresSays) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2 w3");
  api.plan.policy.canary = 1;
  api.plan.policy.max_failures = 2;
  script.put(api);
  script.outcomes("api@w1", {failed()});
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1");
  EXPECT_EQ(script.end("api"), "failed: TargetFailed");
}

TEST(RolloutBudget, AsManyMayFailAsTheJobSays) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2 w3 w4");
  api.plan.policy.max_failures = 1;
  api.plan.policy.max_unavailable = 4;
  script.put(api);
  script.outcomes("api@w2", {failed()});
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1 | restart w2 | restart w3 | restart w4");
  EXPECT_EQ(script.end("api"), "degraded: TargetFailed");
  EXPECT_EQ(script.end_of("api@w2"), "failed");
  EXPECT_NE(script.report("api").detail.find("api@w2"), std::string::npos);
}

TEST(RolloutBudget, OneMoreStopsIt) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2 w3 w4").checks();
  api.plan.policy.max_failures = 1;
  api.plan.policy.max_unavailable = 4;
  script.put(api);
  script.outcomes("api@w1", {failed()});
  script.unhealthy("api@w2");
  script.on_step = [&](const Step& step) {  // it was well before its batch
    if (step.kind == Step::Kind::kRun && step.key.str() == "api@w2") script.unhealthy("api@w2");
  };
  script.healthy("api@w2");
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1 | restart w2");
  EXPECT_EQ(script.end("api"), "failed: GateFailed");
}

TEST(RolloutBudget, ThoseOfAnEarlierPassCount) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2");
  api.plan.policy.max_failures = 1;
  api.plan.failed_before = 1;
  script.put(api);
  script.outcomes("api@w1", {failed()});
  script.run();
  EXPECT_EQ(script.end("api"), "failed: TargetFailed");
}

TEST(RolloutBudget, OverThePassItKeepsFurtherJobsFromBeginning) {
  RolloutLimits limits;
  limits.budget.failures.count = 1;
  RolloutScript script(limits);
  for (const char* name : {"a", "b"}) {
    script.put(job(name).upgrade("w1"));
    script.outcomes(std::string(name) + "@w1", {failed()});
  }
  script.put(job("c").upgrade("w1").wave(1));
  script.run();
  EXPECT_EQ(script.log("c"), "");
  EXPECT_EQ(script.end("c"), "waiting: FailureBudget");
  EXPECT_NE(script.report("c").detail.find("2 of 3 allocations failed"), std::string::npos)
      << script.report("c").detail;
}

TEST(RolloutBudget, WhatIsUnderWayEndsAtItsNextBoundary) {
  RolloutLimits limits;
  limits.budget.failures.count = 0;
  RolloutScript script(limits);
  script.put(job("a").upgrade("w1"));
  script.put(job("b").upgrade("w2 w3"));
  script.outcomes("a@w1", {failed()});
  script.run();
  EXPECT_EQ(script.log("b"), "restart w2");
  EXPECT_EQ(script.end("b"), "stopped: FailureBudget");
}

TEST(RolloutBudget, WorkersAreCountedApartAndStopOnlyFurtherJobs) {
  RolloutLimits limits;
  limits.budget.workers_aside.share = 0.5;
  RolloutScript script(limits);
  script.put(job("a").upgrade("w1 w2 w3"));
  script.put(job("b").upgrade("w3").wave(1));
  script.unreachable("w1");
  script.unreachable("w2");
  script.run();
  EXPECT_EQ(script.end("b"), "waiting: WorkerBudget");
  EXPECT_NE(script.report("b").detail.find("2 of 3 workers are set aside"), std::string::npos);
}

TEST(RolloutBudget, EarlierPassesOfTheCommitCount) {
  RolloutLimits limits;
  limits.budget.failures.share = 0.25;
  limits.budget.failed_before = 2;
  RolloutScript script(limits);
  script.put(job("a").upgrade("w1 w2"));
  script.run();
  EXPECT_EQ(script.end("a"), "waiting: FailureBudget");
}

TEST(RolloutProgress, WaitingForAnotherTryIsNoProgress) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1");
  api.plan.policy.attempts = 100;
  api.plan.policy.progress_timeout = 100s;
  script.put(api);
  script.outcomes("api@w1", {failed()});
  script.run();
  EXPECT_EQ(script.end("api"), "failed: ProgressTimeout");
  EXPECT_EQ(script.now.time_since_epoch(), 100s);
}

// ---- going back (R5.2)

JobText going_back(const std::string& workers, const std::string& fresh = "") {
  JobText api = job("api").upgrade(workers, Action::kRollback).checks();
  if (!fresh.empty()) api.disable(fresh);
  api.plan.rollback = true;
  api.plan.policy.on_failure = RolloutPolicy::OnFailure::kRollback;
  return api;
}

TEST(RolloutBack, ItGoesInBatchesWithGatesAndIsNeverCalledDone) {
  RolloutScript script;
  script.put(going_back("w1 w2 w3", "w4"));
  script.run();
  EXPECT_EQ(script.log("api"), "stop w4 | rollback w1 | rollback w2 | rollback w3");
  EXPECT_EQ(script.end("api"), "rolled back: RolledBack");
}

TEST(RolloutBack, WhatFailsOnTheWayBackIsAFailureOfItsOwn) {
  RolloutScript script;
  script.put(going_back("w1 w2"));
  script.outcomes("api@w1", {failed()});
  script.run();
  EXPECT_EQ(script.log("api"), "rollback w1");
  EXPECT_EQ(script.end("api"), "failed: RollbackFailed");
  EXPECT_NE(script.report("api").detail.find("TargetFailed: api@w1"), std::string::npos);
  EXPECT_TRUE(script.rollout.take_failed().empty()) << "and nothing goes back from that";
}

TEST(RolloutBack, AnAllocationThatWasIllBeforeHasToComeUp) {
  RolloutScript script;
  JobText api = going_back("w1");
  api.active("w1").health = Health::kUnhealthy;
  script.put(api);
  script.unhealthy("api@w1");
  script.run();
  EXPECT_EQ(script.end("api"), "failed: RollbackFailed");
}

TEST(RolloutBack, WhatCannotBeReachedLeavesItUnfinished) {
  RolloutScript script;
  JobText api = going_back("w1 w2");
  api.plan.policy.max_unavailable = 2;
  script.put(api);
  script.unreachable("w2");
  script.run();
  EXPECT_EQ(script.log("api"), "rollback w1");
  EXPECT_EQ(script.end("api"), "degraded: WorkerCondition");
}

TEST(RolloutBack, AJobThatFailedIsToldOnceAndOnlyWhenItsPolicySaysSo) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1");
  api.plan.policy.on_failure = RolloutPolicy::OnFailure::kRollback;
  script.put(api);
  script.put(job("b").upgrade("w2"));
  script.outcomes("api@w1", {failed()});
  script.outcomes("b@w2", {failed()});
  script.run();
  EXPECT_EQ(script.rollout.take_failed(), std::vector<JobName>{JobName("api")});
  EXPECT_TRUE(script.rollout.take_failed().empty());
  script.put(going_back("w1"));
  script.outcomes("api@w1", {succeeded()});
  script.run();
  EXPECT_EQ(script.end("api"), "rolled back: RolledBack");
}

TEST(RolloutBack, TheFailureBudgetNeverKeepsItFromGoingBack) {
  RolloutLimits limits;
  limits.budget.failures.count = 0;
  limits.budget.failed_before = 5;
  RolloutScript script(limits);
  script.put(going_back("w1"));
  script.run();
  EXPECT_EQ(script.end("api"), "rolled back: RolledBack");
}

TEST(RolloutBack, AnUpstreamThatWasRolledBackBlocks_R2_8) {
  RolloutScript script;
  script.put(going_back("w1"));
  script.put(job("web").upgrade("w2").demands("api").wave(1));
  script.run();
  EXPECT_EQ(script.end("web"), "waiting: Blocked");
}

}  // namespace
}  // namespace maand
