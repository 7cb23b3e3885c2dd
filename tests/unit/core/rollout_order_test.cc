// Order and limits of a rollout: R2.3, R2.4's place, R3.10. Each test is a story
// told by tests/support/rollout_script.h.
#include <gtest/gtest.h>

#include "tests/support/rollout_script.h"

namespace maand {
namespace {

TEST(RolloutOrder, NothingToDoIsFinishedAtOnce) {
  RolloutScript script;
  script.run();
  EXPECT_TRUE(script.history.empty());
}

TEST(RolloutOrder, R2_3_UpgradesGoInBatchesOfMaxConcurrentUpgrades) {
  RolloutScript script;
  JobText api = job("api").upgrade("w1 w2 w3 w4 w5");
  api.plan.max_concurrent_upgrades = 2;
  script.put(api);
  script.run();
  EXPECT_EQ(script.log("api"), "restart w1 w2 | restart w3 w4 | restart w5");
  EXPECT_EQ(script.end("api"), "done");
}

TEST(RolloutOrder, R2_3_StartsGoAllAtOnceUnlessTheyAreLimited) {
  RolloutScript script;
  script.put(job("all").start("w1 w2 w3"));
  JobText few = job("few").start("w1 w2 w3");
  few.plan.max_concurrent_starts = 2;
  script.put(few);
  script.run();
  EXPECT_EQ(script.log("all"), "start w1 w2 w3");
  EXPECT_EQ(script.log("few"), "start w1 w2 | start w3");
}

TEST(RolloutOrder, R2_3_WithinAJobDrainsGoBeforeStartsBeforeUpgrades) {
  RolloutScript script;
  script.put(job("api").upgrade("w1 w2").start("w3").disable("w4 w5"));
  script.run();
  EXPECT_EQ(script.log("api"), "stop w4 | stop w5 | start w3 | restart w1 | restart w2");
}

TEST(RolloutOrder, R2_3_JobsThatLeaveStopFirstHighestWaveFirstAllTheirDrainsAtOnce) {
  RolloutScript script;
  JobText db = job("db").leave("w1 w2"), web = job("web").leave("w1 w2"), api = job("api").upgrade("w1");
  db.plan.leaving = web.plan.leaving = true;
  web.plan.wave = 1;
  for (const JobText& each : {db, web, api}) script.put(each);
  std::string order;
  script.on_step = [&](const Step& step) {
    if (step.kind == Step::Kind::kRun) order += step.key.job.str() + " ";
  };
  script.run();
  EXPECT_EQ(order, "web web web web db db db db api ");
  EXPECT_EQ(script.log("web"), "stop w1 w2 | remove w1 w2");
}

TEST(RolloutOrder, R2_3_WavesGoByDeploymentSequenceAndJobsOfAWaveAreIndependent) {
  RolloutScript script;
  JobText a = job("a").upgrade("w1 w2"), b = job("b").upgrade("w3"), c = job("c").upgrade("w1");
  c.plan.wave = 1;
  for (const JobText& each : {a, b, c}) script.put(each);
  std::string order;
  script.on_step = [&](const Step& step) {
    if (step.kind == Step::Kind::kRun) order += step.key.str() + " ";
  };
  script.run();
  EXPECT_EQ(order, "a@w1 b@w3 a@w2 c@w1 ");
}

TEST(RolloutOrder, R2_3_AWaveBeginsAlsoAfterAFailedOneThatNobodyDemands) {
  RolloutScript script;
  JobText a = job("a").upgrade("w1"), b = job("b").upgrade("w2");
  b.plan.wave = 1;
  script.put(a);
  script.put(b);
  script.outcomes("a@w1", {failed()});
  script.run();
  EXPECT_EQ(script.end("a"), "failed: TargetFailed");
  EXPECT_EQ(script.end("b"), "done");
}

TEST(RolloutOrder, R3_10_FilesAreRemovedOnlyAfterTheStopWasConfirmed) {
  RolloutScript script;
  JobText db = job("db").leave("w1 w2 w3");
  db.plan.leaving = true;
  script.put(db);
  script.outcomes("db@w1", {failed()});
  script.outcomes("db@w2", {unknown()});
  script.run();
  EXPECT_EQ(script.log("db"), "stop w1 w2 w3 | remove w3");
  EXPECT_EQ(script.end("db"), "degraded: StopFailed");
  EXPECT_EQ(script.end_of("db@w1"), "failed");
  EXPECT_EQ(script.end_of("db@w2"), "set aside");
  EXPECT_EQ(script.end_of("db@w3"), "done");
}

TEST(RolloutOrder, R3_10_AStopThatFailsOnDisablingFailsTheJob) {
  RolloutScript script;
  script.put(job("api").disable("w1").upgrade("w2"));
  script.outcomes("api@w1", {failed()});
  script.run();
  EXPECT_EQ(script.log("api"), "stop w1");
  EXPECT_EQ(script.end("api"), "failed: StopFailed");
}

TEST(RolloutOrder, R2_3_ARemovalThatFailsHoldsBackOnlyWhatNeedsItsPortOnItsWorker) {
  RolloutScript script;
  JobText old = job("old").leave("w1 w2"), other = job("other").start("w1");
  JobText successor = job("successor").start("w1 w2 w3");
  old.plan.leaving = true;
  successor.takes("w1 w2", 8080, "old");
  for (const JobText& each : {old, other, successor}) script.put(each);
  script.outcomes("old@w1", {failed()});
  script.run();
  EXPECT_EQ(script.log("successor"), "start w2 w3");
  EXPECT_EQ(script.end("successor"), "waiting: PortConflict");
  EXPECT_EQ(script.report("successor").detail, "successor@w1: port 8080 is still held by old@w1");
  EXPECT_EQ(script.end("other"), "done");
}

TEST(RolloutOrder, ForgettingNeedsNoWorker) {
  RolloutScript script;
  JobText old = job("old").forget("w1");
  old.plan.leaving = true;
  script.put(old);
  script.put(job("api").upgrade("w1"));
  script.unreachable("w1");
  script.run();
  EXPECT_EQ(script.end("old"), "done");
}

TEST(RolloutOrder, OneContactAnswersForAllJobsAndAgainForTenSeconds) {
  RolloutScript script;
  JobText late = job("late").upgrade("w1");
  late.plan.wave = 1;
  for (const JobText& each : {job("a").upgrade("w1"), job("b").upgrade("w1"), late}) script.put(each);
  script.run();
  int contacts = 0;
  for (const auto& steps : script.history) {
    for (const Step& step : steps) contacts += step.kind == Step::Kind::kContact ? 1 : 0;
  }
  EXPECT_EQ(contacts, 1);
  EXPECT_EQ(script.end("late"), "done");
}

TEST(RolloutOrder, LimitsHoldForWorkersAndForStepsOnAWorker) {
  RolloutScript script({.max_parallel_workers = 2, .max_per_worker = 3});
  for (const char* name : {"a", "b", "c", "d", "e"}) script.put(job(name).start("w1 w2 w3"));
  std::size_t most = 0;
  while (!script.rollout.finished()) {
    script.fetch();
    std::map<WorkerHost, int> per_worker;
    for (const Step& step : script.in_flight) ++per_worker[step.key.worker];
    most = std::max(most, script.in_flight.size());
    EXPECT_LE(per_worker.size(), 2u);
    for (const auto& [worker, count] : per_worker) EXPECT_LE(count, 3) << worker.str();
    ASSERT_FALSE(script.in_flight.empty());
    script.answer(script.in_flight.front());
  }
  EXPECT_EQ(most, 6u) << "the limits are there to be used";
}

TEST(RolloutOrder, R1_7_AHeldJobStaysHeldWhenWhatIsStillAllowedIsDone) {
  RolloutScript script;
  JobText idle = job("idle").unchanged("w1"), busy = job("busy").disable("w1");
  for (JobText* each : {&idle, &busy}) {
    each->plan.held = true;
    each->plan.held_reason = Reason::kBroken;
    script.put(*each);
  }
  script.run();
  EXPECT_EQ(script.end("idle"), "held: Broken");
  EXPECT_EQ(script.end("busy"), "held: Broken");
  EXPECT_EQ(script.log("busy"), "stop w1");
}

}  // namespace
}  // namespace maand
