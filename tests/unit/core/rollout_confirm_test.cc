// What counts only once it was confirmed over a new connection: R2.9 `confirm_seconds`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/rollout_script.h"

namespace maand {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

JobText waiting(const std::string& upgrades) {
  JobText api = job("api").upgrade(upgrades).checks();
  api.plan.policy.confirm = 60s;
  return api;
}

void all_pending(RolloutScript& script, const std::vector<std::string>& workers) {
  for (const std::string& worker : workers) script.outcomes("api@" + worker, {pending()});
}

// Kinds of all steps in the order of their being handed out.
std::string kinds(const RolloutScript& script) {
  std::string out;
  for (const auto& steps : script.history) {
    for (const Step& step : steps) {
      const char* kind = step.kind == Step::Kind::kRun       ? "run"
                         : step.kind == Step::Kind::kConfirm ? "confirm"
                         : step.kind == Step::Kind::kProbe   ? "probe"
                                                             : "contact";
      out += (out.empty() ? "" : " ") + std::string(kind) + " " + step.key.worker.str();
    }
  }
  return out;
}

TEST(RolloutConfirm, R2_9_AfterItsGateItIsConfirmedAndThenTheNextBatchBegins) {
  RolloutScript script;
  JobText api = waiting("w1 w2").checks(3);
  api.plan.max_concurrent_upgrades = 1;
  script.put(api);
  all_pending(script, {"w1", "w2"});
  script.run();
  EXPECT_THAT(kinds(script), HasSubstr("run w1 probe w1 probe w1 confirm w1 "));
  EXPECT_THAT(kinds(script), HasSubstr("run w2 probe w2 probe w2 confirm w2"));
  EXPECT_LT(kinds(script).find("confirm w1"), kinds(script).find("run w2"));
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutConfirm, R2_9_WithoutChecksAConnectionIsStillProof) {
  RolloutScript script;
  JobText api = job("api").start("w1");
  api.plan.policy.confirm = 60s;
  script.put(api);
  all_pending(script, {"w1"});
  script.run();
  EXPECT_EQ(kinds(script), "run w1 confirm w1");
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutConfirm, R2_9_WhatItsWorkerTookBackFailsTheRolloutWithAReasonOfItsOwn) {
  RolloutScript script;
  script.put(waiting("w1 w2"));
  all_pending(script, {"w1", "w2"});
  script.confirmations("api@w1", reverted());
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1") << "the next worker is not cut off as well";
  EXPECT_EQ(script.end("api"), "failed: NotConfirmed");
  EXPECT_EQ(script.end_of("api@w1"), "failed");
  EXPECT_THAT(script.report("api").detail, HasSubstr("api@w1: it went back"));
}

TEST(RolloutConfirm, R2_9_AWorkerThatCannotBeAskedAnyMoreFailsItAndIsNotSetAside) {
  RolloutScript script;
  script.put(waiting("w1 w2"));
  all_pending(script, {"w1", "w2"});
  script.confirmations(
      "api@w1",
      {.kind = OutcomeKind::kUnknown, .condition = WorkerCondition::kUnreachable, .detail = "w1: timed out"});
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1");
  EXPECT_EQ(script.end("api"), "failed: NotConfirmed");
  EXPECT_THAT(script.report("api").detail, HasSubstr("its worker goes back by itself: w1: timed out"));
}

TEST(RolloutConfirm, R2_9_WhatDoesNotPassItsGateIsNotConfirmedAndNotTriedAgainBeforeItIsBack) {
  RolloutScript script;
  JobText api = waiting("w1 w2");
  api.plan.policy.attempts = 3;
  script.put(api);
  all_pending(script, {"w1", "w2"});
  script.on_step = [&](const Step& step) {
    if (step.kind == Step::Kind::kRun) script.unhealthy("api@w1");
  };
  script.run();
  EXPECT_EQ(kinds(script).find("confirm"), std::string::npos);
  EXPECT_EQ(script.log("api"), "restart w1");
  EXPECT_EQ(script.end("api"), "failed: GateFailed");
  EXPECT_THAT(script.report("api").allocations[0].detail, HasSubstr("its worker goes back by itself"));
}

TEST(RolloutConfirm, R2_9_OfABatchOnlyThoseThatCameUpAreConfirmed) {
  RolloutScript script;
  JobText api = waiting("w1 w2");
  api.plan.max_concurrent_upgrades = 2;
  api.plan.policy.max_failures = 1;
  api.plan.policy.max_unavailable = 2;
  script.put(api);
  all_pending(script, {"w1", "w2"});
  script.on_step = [&](const Step& step) {
    if (step.kind == Step::Kind::kRun) script.unhealthy("api@w1");
  };
  script.run();
  EXPECT_EQ(kinds(script).find("confirm w1"), std::string::npos);
  EXPECT_NE(kinds(script).find("confirm w2"), std::string::npos);
  EXPECT_EQ(script.end_of("api@w1"), "failed");
  EXPECT_EQ(script.end_of("api@w2"), "done");
}

TEST(RolloutConfirm, R2_9_ATargetThatFailsIsTriedAgainAsEver) {
  RolloutScript script;
  JobText api = waiting("w1");
  api.plan.policy.attempts = 2;
  script.put(api);
  script.outcomes("api@w1", {failed(), pending()});
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1 | restart w1");
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutConfirm, R2_9_WhatWasTakenBackBeforeItsAnswerCameIsNotTriedAgain) {
  RolloutScript script;
  JobText api = waiting("w1");
  api.plan.policy.attempts = 5;
  script.put(api);
  script.outcomes("api@w1", {reverted()});
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1");
  EXPECT_EQ(script.end("api"), "failed: NotConfirmed");
}

TEST(RolloutConfirm, R2_9_AContactThatIsLostWithTheTargetMayBeItsDoingAndStopsTheRollout) {
  RolloutScript script;
  JobText api = waiting("w1 w2");
  api.plan.policy.max_unavailable = 2;
  script.put(api);
  script.outcomes("api@w1", {unknown()});
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1");
  EXPECT_EQ(script.end("api"), "failed: NotConfirmed");
  RolloutScript usual;
  api.plan.policy.confirm = 0s;
  usual.put(api);
  usual.outcomes("api@w1", {unknown()});
  usual.run();
  EXPECT_EQ(usual.log("api"), "restart w1 | restart w2") << "R2.7: of others it is not";
}

TEST(RolloutConfirm, R1_8_ANewerCommitWaitsForTheConfirmation) {
  RolloutScript script;
  script.put(waiting("w1 w2"));
  all_pending(script, {"w1", "w2"});
  while (script.in_flight_of(Step::Kind::kConfirm).empty()) {
    script.fetch();
    if (script.in_flight_of(Step::Kind::kConfirm).empty()) {
      script.in_flight.empty() ? script.tick(1s) : script.answer_all();
    }
  }
  script.rollout.stop_job(JobName("api"), Reason::kSuperseded);
  EXPECT_FALSE(script.rollout.quiet(JobName("api")));
  script.run();
  EXPECT_EQ(script.end_of("api@w1"), "done");
  EXPECT_EQ(script.log("api"), "restart w1");
  EXPECT_EQ(script.end("api"), "stopped: Superseded");
}

TEST(RolloutConfirm, R7_1_ADaemonThatLeavesMeanwhileHasFailedNothing) {
  RolloutScript script;
  script.put(waiting("w1"));
  all_pending(script, {"w1"});
  script.confirmations("api@w1", unknown());
  script.on_step = [&](const Step& step) {
    if (step.kind == Step::Kind::kConfirm) script.rollout.stop_all(Reason::kStopping);
  };
  script.run();
  EXPECT_EQ(script.end_of("api@w1"), "set aside");
  EXPECT_NE(script.end("api"), "failed: NotConfirmed");
}

TEST(RolloutConfirm, R7_1_AlsoOneThatANewerCommitHadStoppedBefore) {
  RolloutScript script;
  script.put(waiting("w1"));
  all_pending(script, {"w1"});
  script.confirmations("api@w1", unknown());
  script.on_step = [&](const Step& step) {
    if (step.kind != Step::Kind::kConfirm) return;
    script.rollout.stop_job(JobName("api"), Reason::kSuperseded);
    script.rollout.stop_all(Reason::kStopping);
  };
  script.run();
  EXPECT_EQ(script.end_of("api@w1"), "set aside");
  EXPECT_NE(script.end("api"), "failed: NotConfirmed");
}

TEST(RolloutConfirm, R2_9_ItWaitsForNoTargetHoweverManyRun) {
  RolloutScript script({.max_parallel_workers = 2, .max_per_worker = 1});
  JobText api = waiting("w1 w2").checks(0);
  api.plan.health = {};
  api.plan.max_concurrent_upgrades = 2;
  api.plan.policy.max_unavailable = 2;
  script.put(api);
  all_pending(script, {"w1", "w2"});
  // Answers what is asked until the targets that run are `running`.
  const auto until_run = [&](const std::string& running) {
    for (int i = 0; i < 100; ++i) {
      script.fetch();
      std::string told;
      for (const Step& step : script.in_flight_of(Step::Kind::kRun)) told += step.key.str() + " ";
      if (told == running) return true;
      for (const Step& step : script.in_flight_of(Step::Kind::kContact)) script.answer(step);
    }
    return false;
  };
  ASSERT_TRUE(until_run("api@w1 api@w2 "));
  script.put(job("slow").upgrade("w1"));
  script.answer(script.in_flight_of(Step::Kind::kRun)[0]);
  ASSERT_TRUE(until_run("api@w2 slow@w1 "));
  script.answer(script.in_flight_of(Step::Kind::kRun)[0]);
  script.fetch();
  EXPECT_EQ(script.in_flight_of(Step::Kind::kConfirm).size(), 2u) << "the target of slow runs on";
  script.run();
  EXPECT_EQ(script.end("api"), "done");
  EXPECT_EQ(script.end("slow"), "done");
}

TEST(RolloutConfirm, R5_9_WhatIsPutRightIsWhatWasConfirmedAndHasNoWayBack) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2");
  api.plan.policy.confirm = 60s;
  api.plan.policy.max_unavailable = 2;
  for (PlannedAction& action : api.plan.upgrades) action.reason = Reason::kDrifted;
  script.put(api);
  script.outcomes("api@w1", {unknown()});
  std::vector<Step> runs;
  script.on_step = [&](const Step& step) {
    if (step.kind == Step::Kind::kRun) runs.push_back(step);
  };
  script.run();
  ASSERT_EQ(runs.size(), 2u) << "the first is only out of reach";
  for (const Step& step : runs) {
    EXPECT_EQ(step.confirm, 0s);
    EXPECT_FALSE(step.way_back);
  }
  EXPECT_EQ(script.end_of("api@w1"), "set aside");
}

TEST(RolloutConfirm, R2_9_GoingBackHasTheLimitsOfItsOwnTargets) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1", Action::kReload);
  api.plan.policy.confirm = 60s;
  api.plan.timeouts = {{Target::kReload, 2s}, {Target::kRestart, 300s}, {Target::kStop, 30s}};
  script.put(api);
  script.on_step = [&](const Step& step) {
    if (step.kind != Step::Kind::kRun) return;
    EXPECT_EQ(step.timeout, 2s);
    EXPECT_EQ(step.back_limits.restart, 300s);
    EXPECT_EQ(step.back_limits.stop, 30s);
  };
  script.run();
  EXPECT_EQ(script.log("api"), "reload w1");
}

TEST(RolloutConfirm, R2_9_OnlyWhatShipsFilesAndRunsATargetIsToBeConfirmed) {
  RolloutScript script;
  JobText api = job("api").disable("w3").upgrade("w1").start("w2");
  api.plan.policy.confirm = 60s;
  script.put(api);
  std::string told;
  script.on_step = [&](const Step& step) {
    if (step.kind != Step::Kind::kRun) return;
    told += std::string(to_string(step.action.action)) + " " + std::to_string(step.confirm.count()) +
            (step.way_back ? " keeps" : "") + "\n";
  };
  script.run();
  EXPECT_EQ(told, "stop 0\nstart 60 keeps\nrestart 60 keeps\n");
}

}  // namespace
}  // namespace maand
