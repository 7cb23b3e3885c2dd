// Gates and availability: R2.4, R2.5, R2.9.
#include <gtest/gtest.h>

#include "tests/support/rollout_script.h"

namespace maand {
namespace {

using namespace std::chrono_literals;

TEST(RolloutGate, R2_4_AGateNeedsTwoSuccessesInARow) {
  RolloutScript script;
  script.put(job("api").start("w1").checks());
  script.run();
  EXPECT_EQ(script.probes("api@w1"), 2);
  EXPECT_EQ(script.end("api"), "done");
  EXPECT_EQ(script.report("api").allocations[0].health, Health::kHealthy);
}

TEST(RolloutGate, R2_4_ASuccessBetweenFailuresDoesNotCount) {
  RolloutScript script;
  script.put(job("api").start("w1").checks(5));
  script.on_step = [&](const Step& step) {
    if (step.kind != Step::Kind::kProbe) return;
    (script.probes("api@w1") % 2 == 0) ? script.healthy("api@w1") : script.unhealthy("api@w1");
  };
  script.run();
  EXPECT_EQ(script.probes("api@w1"), 5) << "a gate gives up after HealthSpec::attempts rounds";
  EXPECT_EQ(script.end("api"), "failed: GateFailed");
}

TEST(RolloutGate, R2_4_RoundsAreAnIntervalApart) {
  RolloutScript script;
  JobText api = job("api").start("w1").checks();
  api.plan.health.interval = 7s;
  script.put(api);
  script.run();
  EXPECT_EQ(script.now.time_since_epoch(), 7s)
      << "the first round begins at once, the second after the interval";
}

TEST(RolloutGate, R2_4_AJobWithoutChecksPassesAtOnceAndIsUnprobed) {
  RolloutScript script;
  script.put(job("api").upgrade("w1 w2"));
  script.run();
  EXPECT_EQ(script.probes("api@w1"), 0);
  EXPECT_EQ(script.report("api").allocations[0].health, Health::kUnprobed);
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutGate, R2_4_AFailedGateLeavesLaterBatchesOnTheOldVersion) {
  RolloutScript script;
  script.put(job("api").upgrade("w1 w2 w3").checks());
  script.on_step = [&](const Step& step) {
    if (step.kind == Step::Kind::kRun) script.unhealthy("api@w1");
  };
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1");
  EXPECT_EQ(script.end("api"), "failed: GateFailed");
  EXPECT_EQ(script.end_of("api@w1"), "failed");
  EXPECT_EQ(script.end_of("api@w2"), "not reached");
}

TEST(RolloutGate, R2_4_StartsHaveOneGateAfterTheLastOrOneABatchWhenTheyAreLimited) {
  for (const int limit : {0, 1}) {
    RolloutScript script;
    JobText api = job("api").start("w1 w2").checks();
    api.plan.max_concurrent_starts = limit;
    script.put(api);
    script.unhealthy("api@w1");
    script.run();
    EXPECT_EQ(script.end_of("api@w2"), limit == 0 ? "done" : "not reached");
    EXPECT_EQ(script.end("api"), "failed: GateFailed");
  }
}

TEST(RolloutGate, R2_4_AnAllocationThatWasUnhealthyBeforeItsBatchCannotFailTheGate) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2").checks();
  api.active("w1").health = Health::kUnhealthy;
  script.put(api);
  script.unhealthy("api@w1");
  script.run();
  EXPECT_EQ(script.end_of("api@w1"), "done");
  EXPECT_NE(script.end("api"), "failed: GateFailed");
}

// What runs never answered on the new port or path, and a broken version would pass.
TEST(RolloutGate, R2_4_ChecksThatChangedMakeNobodyABystander) {
  RolloutScript script;
  script.put(job("api").upgrade("w1 w2").checks());  // healthy by the checks of what runs
  script.unhealthy("api@w1");
  script.unhealthy("api@w2");
  script.run();
  EXPECT_EQ(script.end("api"), "failed: GateFailed");
  EXPECT_EQ(script.log("api"), "restart w1");
  EXPECT_EQ(script.end_of("api@w2"), "not reached");
}

// Otherwise a retry of what never came up would be reported as a success.
TEST(RolloutGate, R2_4_AnAllocationThatIsTriedAgainBecauseItFailedCanFailTheGate) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2").checks();
  api.plan.upgrades[0].previous = Previous::kFailed;
  script.put(api);
  script.unhealthy("api@w1");
  script.run();
  EXPECT_EQ(script.end("api"), "failed: GateFailed");
  EXPECT_EQ(script.end_of("api@w1"), "failed");
  EXPECT_EQ(script.end_of("api@w2"), "not reached");
}

TEST(RolloutGate, R2_4_TheBaselineIsTakenBeforeEachBatchNotOnlyBeforeTheFirst) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2").checks();
  api.plan.policy.max_unavailable = 1;
  script.put(api);
  script.on_step = [&](const Step& step) {  // w2 falls ill by itself while w1 is upgraded
    if (step.kind == Step::Kind::kRun && step.key.str() == "api@w1") {
      script.tick(60s);
      script.unhealthy("api@w2");
      script.rollout.on_probe({JobName("api"), WorkerHost("w2")}, Health::kUnhealthy, "refused", script.now);
    }
  };
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1 | restart w2");
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutGate, R2_9_NoMoreHealthyAllocationForProgressTimeoutFailsTheJob) {
  RolloutScript script;
  JobText api = job("api").start("w1").checks(1000);
  api.plan.policy.progress_timeout = 20s;
  script.put(api);
  script.unhealthy("api@w1");
  script.run();
  EXPECT_EQ(script.end("api"), "failed: ProgressTimeout");
  EXPECT_EQ(script.now.time_since_epoch(), 20s);
}

TEST(RolloutGate, R2_9_OneMoreHealthyAllocationRestartsTheProgressClock) {
  RolloutScript script;
  JobText api = job("api").start("w1 w2").checks(1000);
  api.plan.policy.progress_timeout = 20s;
  script.put(api);
  script.unhealthy("api@w1");
  script.unhealthy("api@w2");
  script.on_step = [&](const Step&) {
    if (script.now.time_since_epoch() >= 15s) script.healthy("api@w1");
  };
  script.run();
  EXPECT_EQ(script.end("api"), "failed: ProgressTimeout");
  EXPECT_EQ(script.now.time_since_epoch(), 36s) << "w1 was healthy at 16 s";
}

TEST(RolloutGate, R2_9_AnotherAttemptDoesNotRestartTheProgressClock) {
  RolloutScript script;
  JobText api = job("api").start("w1").checks(2);
  api.plan.policy.progress_timeout = 20s;
  api.plan.policy.attempts = 1000;
  script.put(api);
  script.unhealthy("api@w1");
  script.run();
  EXPECT_EQ(script.end("api"), "failed: ProgressTimeout");
}

// ---- R2.5

struct Down {
  const char* name;
  int allocations;
  int down;  // the first ones, unreachable
  std::optional<int> max_unavailable;
  const char* end;
};

TEST(RolloutAvailability, R2_5_HowManyMayBeDown) {
  const Down table[] = {
      {"one of three down: it waits", 3, 1, {}, "waiting: Unavailable"},
      {"one of five down: it goes on", 5, 1, {}, "degraded: WorkerCondition"},
      {"two of five down: it waits", 5, 2, {}, "waiting: Unavailable"},
      {"one of three down, two may be", 3, 1, 2, "degraded: WorkerCondition"},
      {"none down, one may be", 3, 0, 1, "done"},
      {"none down, none may be", 3, 0, 0, "waiting: Unavailable"},
      {"all down: nothing waits, all are set aside", 3, 3, {}, "degraded: WorkerCondition"},
  };
  for (const Down& row : table) {
    RolloutScript script;
    JobText api("api");
    for (int i = 1; i <= row.allocations; ++i) {
      api.upgrade("w" + std::to_string(i));
      if (i <= row.down) script.unreachable("w" + std::to_string(i));
    }
    api.plan.policy.max_unavailable = row.max_unavailable;
    script.put(api);
    script.run();
    EXPECT_EQ(script.end("api"), row.end) << row.name;
  }
}

TEST(RolloutAvailability, R2_5_TheWaitNamesWhoIsUnavailableAndWhy) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2").unchanged("w3 w4").checks();
  script.put(api);
  script.unreachable("w1");
  script.unhealthy("api@w3");
  script.run();
  EXPECT_EQ(script.log("api"), "");
  EXPECT_EQ(script.report("api").detail,
            "api@w1 (Unreachable), api@w3 (unhealthy); 2 of 4 are unavailable, at most 1 may be");
  EXPECT_EQ(script.end_of("api@w1"), "set aside");
  EXPECT_EQ(script.end_of("api@w2"), "not reached");
}

TEST(RolloutAvailability, R2_5_AnUnreachableWorkerDoesNotUseASlotOfTheBatch) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2 w3 w4 w5 w6 w7 w8");
  api.plan.max_concurrent_upgrades = 2;
  api.plan.policy.max_unavailable = 3;
  script.put(api);
  script.unreachable("w1");
  script.run();
  EXPECT_EQ(script.log("api"), "restart w2 w3 | restart w4 w5 | restart w6 w7 | restart w8");
}

TEST(RolloutAvailability, R2_5_UnhealthyReachableOnesGoFirstAndCostNothing) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2 w3 w4").checks();
  api.plan.policy.max_unavailable = 1;
  api.active("w4").failed = true;
  script.put(api);
  script.unhealthy("api@w3");
  script.on_step = [&](const Step& step) {
    if (step.kind == Step::Kind::kRun) script.healthy("api@w3");
  };
  script.run();
  EXPECT_EQ(script.log("api"), "restart w3 | restart w4 | restart w1 | restart w2");
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutAvailability, R2_5_AJobThatIsDownAltogetherIsUpgradedAllTheSame) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2 w3 w4").checks();
  for (const char* worker : {"w1", "w2", "w3", "w4"}) {
    api.active(worker).health = Health::kUnhealthy;
    script.unhealthy(std::string("api@") + worker);
  }
  script.put(api);
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1 | restart w2 | restart w3 | restart w4");
}

TEST(RolloutAvailability, R2_5_AvailabilityIsCountedAgainBeforeEachBatchWithTheNewestProbes) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2").unchanged("w3").checks();
  script.put(api);
  script.on_step = [&](const Step& step) {  // the health loop finds w3 ill meanwhile
    if (step.kind == Step::Kind::kRun) {
      script.rollout.on_probe({JobName("api"), WorkerHost("w3")}, Health::kUnhealthy, "", script.now);
    }
  };
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1");
  EXPECT_EQ(script.end("api"), "waiting: Unavailable");
}

TEST(RolloutAvailability, R2_5_OneThatRecoversJustBeforeItsBatchCostsAPlaceLikeTheOthers) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2").unchanged("w3").checks();
  script.put(api);
  for (const char* key : {"api@w1", "api@w2", "api@w3"}) script.unhealthy(key);
  script.on_step = [&](const Step& step) {
    if (step.kind != Step::Kind::kRun) return;
    script.tick(60s);
    script.healthy("api@w1");
    script.healthy("api@w2");
  };
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1") << "w3 is down, and one may be";
  EXPECT_EQ(script.end("api"), "waiting: Unavailable");
}

TEST(RolloutAvailability, R2_5_ReleaseOverrides) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2 w3");
  api.plan.released = true;
  script.put(api);
  script.unreachable("w1");
  script.run();
  EXPECT_EQ(script.log("api"), "restart w2 | restart w3");
  EXPECT_EQ(script.end("api"), "degraded: WorkerCondition");
}

TEST(RolloutAvailability, R2_5_AWorkerThatAnotherJobFoundDeadCountsAsUnavailableAtOnce) {
  RolloutScript script;
  JobText a = job("a").unchanged("w1").upgrade("w2 w3"), b = job("b").start("w1");
  script.put(a);
  script.put(b);
  script.on_step = [&](const Step& step) {
    if (step.key.str() == "b@w1") script.unreachable("w1");
  };
  script.run();
  EXPECT_EQ(script.end("a"), "waiting: Unavailable");
}

}  // namespace
}  // namespace maand
