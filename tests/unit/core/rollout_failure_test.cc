// Failures, interruptions and worker conditions: R2.6, R2.7, R3.4.
#include <gtest/gtest.h>

#include "tests/support/rollout_script.h"

namespace maand {
namespace {

using namespace std::chrono_literals;

// Attempt, previous and action of each step of one allocation: `restart 1 none, restart 2 failed`.
std::string tries(const RolloutScript& script, const std::string& key) {
  std::string out;
  for (const auto& steps : script.history) {
    for (const Step& step : steps) {
      if (step.kind != Step::Kind::kRun || step.key.str() != key) continue;
      out += (out.empty() ? "" : ", ") + std::string(to_string(step.action.action)) + " " +
             std::to_string(step.action.attempt) + " " + to_string(step.action.previous);
    }
  }
  return out;
}

TEST(RolloutFailure, R2_6_AFailedTargetStopsTheRolloutOnceTheBatchHasEnded) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2 w3 w4").checks();
  api.plan.max_concurrent_upgrades = 2;
  script.put(api);
  script.outcomes("api@w1", {failed()});
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1 w2");
  EXPECT_EQ(script.end("api"), "failed: TargetFailed");
  EXPECT_EQ(script.end_of("api@w2"), "done") << "what was in flight ends";
  EXPECT_EQ(script.end_of("api@w3"), "not reached");
}

TEST(RolloutFailure, R2_6_MembersOfTheBatchThatHaveNotBegunDoNotBegin) {
  RolloutScript script({.max_parallel_workers = 1});
  script.put(job("api").start("w1 w2"));
  script.outcomes("api@w1", {failed()});
  script.run();
  EXPECT_EQ(script.log("api"), "start w1");
  EXPECT_EQ(script.end_of("api@w2"), "not reached");
}

TEST(RolloutFailure, R2_6_AttemptsAreRunWithGrowingPausesAndTellOfTheFailure) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1", Action::kReload);
  api.plan.policy.attempts = 4;
  script.put(api);
  script.outcomes("api@w1", {failed()});
  script.run();
  EXPECT_EQ(tries(script, "api@w1"), "reload 1 none, restart 2 failed, restart 3 failed, restart 4 failed");
  EXPECT_EQ(script.now.time_since_epoch(), 1s + 2s + 4s);
  EXPECT_EQ(script.end("api"), "failed: TargetFailed");
}

TEST(RolloutFailure, R2_6_ASecondAttemptThatSucceedsLetsTheJobGoOn) {
  RolloutScript script;
  JobText api = job("api").start("w1").upgrade("w2");
  api.plan.policy.attempts = 2;
  script.put(api);
  script.outcomes("api@w1", {failed(), succeeded()});
  script.run();
  EXPECT_EQ(tries(script, "api@w1"), "start 1 none, start 2 failed");
  EXPECT_EQ(script.log("api"), "start w1 | start w1 | restart w2");
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutFailure, R2_6_AFailedGateIsTriedAgainForThoseThatFailed) {
  RolloutScript script;
  JobText api = job("api").start("w1 w2").checks();
  api.plan.policy.attempts = 2;
  script.put(api);
  script.unhealthy("api@w1");
  script.on_step = [&](const Step& step) {
    if (step.kind == Step::Kind::kRun && step.action.attempt == 2) script.healthy("api@w1");
  };
  script.run();
  EXPECT_EQ(script.log("api"), "start w1 w2 | start w1");
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutFailure, R2_6_AMissingTargetIsNotRetried) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1", Action::kReload);
  api.plan.policy.attempts = 5;
  script.put(api);
  script.outcomes("api@w1", {missing_target()});
  script.run();
  EXPECT_EQ(script.log("api"), "reload w1");
  EXPECT_EQ(script.end("api"), "failed: MissingTarget");
}

TEST(RolloutFailure, R3_4_AnInterruptedOperationIsRunOnceMoreAsANewOne) {
  RolloutScript script;
  script.put(job("api").upgrade("w1 w2", Action::kReload));
  script.outcomes("api@w1", {interrupted("boot 1"), succeeded()});
  script.run();
  EXPECT_EQ(tries(script, "api@w1"), "reload 1 none, restart 2 interrupted");
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutFailure, R3_4_InterruptedTwiceIsARebootLoopWhenTheBootsDiffer) {
  for (const bool rebooted : {true, false}) {
    RolloutScript script;
    JobText api = job("api").upgrade("w1 w2");
    api.plan.policy.attempts = 5;
    script.put(api);
    script.outcomes("api@w1", {interrupted("boot 1"), interrupted(rebooted ? "boot 2" : "boot 1")});
    script.run();
    EXPECT_EQ(script.log("api"), "restart w1 | restart w1");
    EXPECT_EQ(script.end("api"), rebooted ? "failed: RebootLoop" : "failed: TargetFailed");
  }
}

TEST(RolloutFailure, R3_4_AnInterruptionOfAnEarlierRolloutCountsAsTheFirst) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1");
  api.plan.upgrades[0].previous = Previous::kInterrupted;
  api.plan.upgrades[0].interrupted_boot = "boot 1";
  script.put(api);
  script.outcomes("api@w1", {interrupted("boot 2")});
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1");
  EXPECT_EQ(script.end("api"), "failed: RebootLoop");
}

TEST(RolloutFailure, R2_7_NothingButTheTargetFailsAJob) {
  const Outcome table[] = {
      condition(WorkerCondition::kUnreachable),
      condition(WorkerCondition::kAuthFailed),
      condition(WorkerCondition::kHostKeyUnknown),
      condition(WorkerCondition::kHostKeyChanged),
      condition(WorkerCondition::kSudoRefused),
      condition(WorkerCondition::kToolMissing),
      condition(WorkerCondition::kDiskFull),
      condition(WorkerCondition::kBusy),
      condition(WorkerCondition::kWorkerStateMissing),
      condition(WorkerCondition::kIdentityMismatch),
      condition(WorkerCondition::kFenced),
      condition(WorkerCondition::kNone),
      Outcome{.kind = OutcomeKind::kNever},
      unknown(),
  };
  for (const Outcome& outcome : table) {
    RolloutScript script;
    JobText api = job("api").upgrade("w1 w2 w3 w4 w5");
    api.plan.policy.attempts = 3;
    script.put(api);
    script.outcomes("api@w1", {outcome});
    script.run();
    const std::string name = std::string(to_string(outcome.kind)) + " " + to_string(outcome.condition);
    EXPECT_EQ(script.end("api"), "degraded: WorkerCondition") << name;
    EXPECT_EQ(script.end_of("api@w1"), "set aside") << name;
    EXPECT_EQ(script.log("api"), "restart w1 | restart w2 | restart w3 | restart w4 | restart w5") << name;
  }
}

TEST(RolloutFailure, R2_7_AWorkerIsSetAsideForAllJobsButABusyAllocationOnlyForItself) {
  for (const WorkerCondition what : {WorkerCondition::kDiskFull, WorkerCondition::kBusy}) {
    RolloutScript script;
    JobText a = job("a").start("w1"), b = job("b").start("w1");
    b.plan.wave = 1;
    script.put(a);
    script.put(b);
    script.outcomes("a@w1", {condition(what)});
    script.run();
    const bool worker = what == WorkerCondition::kDiskFull;
    EXPECT_EQ(script.log("b"), worker ? "" : "start w1");
    EXPECT_EQ(script.rollout.set_aside().size(), worker ? 1u : 0u);
  }
}

TEST(RolloutFailure, R2_7_AWorkerThatDiesDuringTheGateOfOneJobFailsItOnlyIfNobodyKnowsThat) {
  RolloutScript script;
  JobText a = job("a").start("w1").checks(), b = job("b").start("w1");
  script.put(a);
  script.put(b);
  script.on_step = [&](const Step& step) {
    if (step.kind == Step::Kind::kProbe) script.unreachable("w1");
  };
  script.fetch();
  const std::vector<Step> both = script.in_flight;
  script.answer(both[0]);
  script.fetch();  // a's first probe
  script.answer(both[1]);
  script.run();
  EXPECT_EQ(script.end("b"), "degraded: WorkerCondition");
  EXPECT_EQ(script.end("a"), "degraded: WorkerCondition");
}

}  // namespace
}  // namespace maand
