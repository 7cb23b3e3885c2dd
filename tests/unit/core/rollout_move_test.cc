// A job that stays and moves to other workers: R2.3.
#include <gtest/gtest.h>

#include "tests/support/rollout_script.h"

namespace maand {
namespace {

JobText start_first(JobText text) {
  text.plan.policy.move = RolloutPolicy::Move::kStartFirst;
  return text;
}

TEST(RolloutMove, R2_3_StopFirstStagesTheNewWorkerBeforeTheOldAllocationStops) {
  RolloutScript script;
  script.put(job("api").leave("w1").start("w2"));
  script.run();
  EXPECT_EQ(script.log("api"), "stage w2 | stop w1 | remove w1 | start w2");
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutMove, R2_3_StartFirstStartsAndProbesTheNewOneBeforeTheOldOneStops) {
  RolloutScript script;
  script.put(start_first(job("api").leave("w1").start("w2").checks()));
  int probes_before_stop = -1;
  script.on_step = [&](const Step& step) {
    if (step.action.action == Action::kStop) probes_before_stop = script.probes("api@w2");
  };
  script.run();
  EXPECT_EQ(script.log("api"), "start w2 | stop w1 | remove w1");
  EXPECT_EQ(probes_before_stop, 2);
}

TEST(RolloutMove, R2_3_AnOldAllocationStaysWhileItsNewWorkerIsOutOfReach) {
  for (const bool first : {false, true}) {
    RolloutScript script;
    JobText api = job("api").leave("w1").start("w2");
    script.put(first ? start_first(api) : api);
    script.unreachable("w2");
    script.run();
    EXPECT_EQ(script.log("api"), "");
    EXPECT_EQ(script.end("api"), "waiting: MoveWaits");
    EXPECT_EQ(script.end_of("api@w1"), "not reached");
    EXPECT_EQ(script.end_of("api@w2"), "set aside");
  }
}

TEST(RolloutMove, R2_3_StagingThatCannotBeDoneKeepsTheOldOneToo) {
  RolloutScript script;
  script.put(job("api").leave("w1").start("w2"));
  script.outcomes("api@w2", {condition(WorkerCondition::kDiskFull)});
  script.run();
  EXPECT_EQ(script.log("api"), "stage w2");
  EXPECT_EQ(script.end("api"), "waiting: MoveWaits");
}

TEST(RolloutMove, R2_3_ANewWorkerWhosePortIsStillHeldIsBlocked) {
  RolloutScript script;
  JobText old = job("old").leave("w2"), api = job("api").leave("w1").start("w2");
  old.plan.leaving = true;
  api.takes("w2", 80, "old");
  script.put(old);
  script.put(api);
  script.outcomes("old@w2", {failed()});
  script.run();
  EXPECT_EQ(script.log("api"), "");
  EXPECT_EQ(script.end("api"), "waiting: PortConflict");
  EXPECT_EQ(script.end_of("api@w1"), "not reached");
}

TEST(RolloutMove, R2_3_OnePairThatCannotMoveDoesNotKeepTheOthers) {
  RolloutScript script;
  script.put(job("api").leave("w1 w2").start("w3 w4"));
  script.unreachable("w3");
  script.run();
  EXPECT_EQ(script.log("api"), "stage w4 | stop w1 | remove w1 | start w4");
  EXPECT_EQ(script.end_of("api@w2"), "not reached");
}

TEST(RolloutMove, R2_3_WhenFewerArriveThanLeaveTheRestGoFreely) {
  RolloutScript script;
  script.put(job("api").leave("w1 w2 w3").start("w4"));
  script.unreachable("w4");
  script.run();
  EXPECT_EQ(script.log("api"), "stop w1 | remove w1 | stop w2 | remove w2");
  EXPECT_EQ(script.end("api"), "waiting: MoveWaits");
}

TEST(RolloutMove, R2_3_DisablesAreNoPartOfAMove) {
  RolloutScript script;
  script.put(job("api").leave("w1").disable("w2").start("w3"));
  script.unreachable("w3");
  script.run();
  EXPECT_EQ(script.log("api"), "stop w2");
}

TEST(RolloutMove, R2_3_AnOldWorkerThatIsDeadDoesNotKeepTheNewOneFromStarting) {
  RolloutScript script;
  script.put(job("api").leave("w1").start("w2"));
  script.unreachable("w1");
  script.run();
  EXPECT_EQ(script.log("api"), "stage w2 | stop w1 | start w2");
  EXPECT_EQ(script.end("api"), "degraded: WorkerCondition");
}

TEST(RolloutMove, R2_3_ADeadOldWorkerGivesItsNewOneToTheNextInLine) {
  RolloutScript script;
  script.put(job("api").leave("w1 w2").start("w3 w4"));
  script.unreachable("w1");
  script.unreachable("w4");
  script.run();
  EXPECT_EQ(script.log("api"), "stage w3 | stop w1 | stop w2 | remove w2 | start w3");
}

TEST(RolloutMove, AStageUsesNoAttemptOfTheStart) {
  RolloutScript script;
  script.put(job("api").leave("w1").start("w2"));
  script.outcomes("api@w2", {interrupted("boot 1"), succeeded()});
  script.on_step = [&](const Step& step) {
    if (step.action.action == Action::kStart) {
      EXPECT_EQ(step.action.attempt, 1);
    }
  };
  script.run();
  EXPECT_EQ(script.log("api"), "stage w2 | stage w2 | stop w1 | remove w1 | start w2");
}

}  // namespace
}  // namespace maand
