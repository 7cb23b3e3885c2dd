// What is held, and what still applies to it: R1.6, R1.7, R2.6.
#include <gtest/gtest.h>

#include <functional>

#include "reconciler/core/allocation_decision.h"
#include "tests/unit/core/plan_world.h"

namespace maand {
namespace {

using World = PlanWorld;

TEST(Plan, ABrokenJobStaysAtItsLastGoodContentAndOthersProceed_R1_6) {
  World world;
  world.worker("w1").worker("w2").job("b", "1.1.0");
  world.running("a", "w1");
  world.running("b", "w1");
  world.running("b", "w2");
  world.workspace.broken[JobName("a")].name = JobName("a");
  world.workspace.broken[JobName("a")].diagnostics.error("jobs/a/manifest.json", "version", "is no version",
                                                         "fix it");
  world.kept_content_is("a", "1.0.0");
  // w2 is new to job a and gets the last good content (R1.7).
  EXPECT_EQ(told(world.plan()),
            "held a Broken; start a@w2 New; restart b@w1 VersionChanged; restart b@w2 VersionChanged; ");
}

TEST(Plan, DisablesAndLeavingWorkersApplyToAJobWhoseContentIsNotKnown_R1_7) {
  World world;
  world.worker("w1").worker("w2").worker("w3");
  for (const char* worker : {"gone", "w1", "w2", "w3"}) world.running("a", worker);
  world.workspace.broken[JobName("a")].name = JobName("a");
  world.workspace.disabled.jobs[JobName("a")] = {WorkerHost("w2")};
  EXPECT_EQ(told(world.plan()), "held a Broken; stop a@gone Left; stop a@w2 Disabled; remove a@gone Left; ");
  world.applied.allocations[{JobName("a"), WorkerHost("w2")}].running = false;
  world.applied.allocations[{JobName("a"), WorkerHost("w2")}].last_target = Target::kStop;
  EXPECT_EQ(told(world.plan()), "held a Broken; stop a@gone Left; remove a@gone Left; ") << "stopped once";
}

TEST(Plan, ABrokenJobWhoseContentIsNotKnownIsLeftAlone_R1_6) {
  World world;
  world.worker("w1");
  world.running("a", "w1");
  world.workspace.broken[JobName("a")].name = JobName("a");
  EXPECT_EQ(told(world.plan()), "held a Broken; ");
}

// R1.7 lets a worker leave; R2.3 has what moves stay until its new place can take over. Of a job whose
// content is not to be had no new place can.
TEST(Plan, AJobThatIsHeldWithoutContentRunsOnWhereItsWorkerLeftUntilItCanMove_R2_3) {
  const struct {
    const char* name;
    std::function<void(World&)> given;
    const char* told;
  } rows[] = {
      {"another worker awaits it", [](World& w) { w.worker("new"); },
       "held a SecretLocked; wait a@gone MoveWaits; "},
      {"nobody takes its place", [](World&) {},
       "held a SecretLocked; stop a@gone Left; remove a@gone Left; "},
      {"whoever awaits it is disabled",
       [](World& w) {
         w.worker("new");
         w.workspace.disabled.workers = {WorkerHost("new")};
       },
       "held a SecretLocked; stop a@gone Left; remove a@gone Left; "},
      {"what is left there does not run",
       [](World& w) {
         w.worker("new");
         w.applied.allocations[{JobName("a"), WorkerHost("gone")}].running = false;
       },
       "held a SecretLocked; remove a@gone Left; "},
      {"its worker stays, and its labels change",
       [](World& w) {
         w.worker("new", {"disk"}).worker("gone");
         w.job_of("a").selectors = {"disk"};
       },
       "held a SecretLocked; "},
  };
  for (const auto& row : rows) {
    World world;
    world.worker("w1").job("a");
    for (const char* host : {"gone", "w1"}) world.running("a", host);
    world.job_of("a").sealed_secrets["token"] = "cannot be opened here";
    row.given(world);
    EXPECT_EQ(told(world.plan()), row.told) << row.name;
    world.job_of("a").sealed_secrets.clear();
    EXPECT_EQ(told(world.plan()).find("MoveWaits"), std::string::npos) << row.name;
  }
  World world;
  world.worker("new").job("a");
  world.running("a", "gone");
  world.job_of("a").sealed_secrets["token"] = "cannot be opened here";
  const DesiredState desired = desire(CommitId("head"), world.workspace, world.applied);
  EXPECT_EQ(decide_one(desired, world.applied, {JobName("a"), WorkerHost("gone")}).reason,
            Reason::kMoveWaits);
}

TEST(Plan, RemovalsWaitWhileANewDirectoryDoesNotLoad_R1_6) {
  World world;
  world.worker("w1");
  world.running("a", "w1");
  world.workspace.broken[JobName("renamed")].name = JobName("renamed");
  world.workspace.broken[JobName("renamed")].without_manifest = true;
  const Plan plan = world.plan();
  EXPECT_EQ(told(plan), "held a MayBeRenamed; ");
  EXPECT_EQ(plan.jobs.at(JobName("a")).held_detail, "jobs/renamed");
}

TEST(Plan, AJobThatRunsAndMatchesNoWorkerAnyMoreIsHeld_R1_6) {
  World world;
  world.worker("w1").job("a").job("b");
  world.job_of("a").selectors = {"gpu"};
  world.running("a", "w1");
  world.running("b", "w1");
  EXPECT_EQ(told(world.plan()), "held a NoPlacement; ");
}

TEST(Plan, AJobThatMatchesNoWorkerAndNeverRanIsNothing) {
  World world;
  world.worker("w1").job("a");
  world.job_of("a").selectors = {"gpu"};
  EXPECT_EQ(told(world.plan()), "");
}

TEST(Plan, WhereGoingBackWasOnlyInterruptedWhatIsGoodComesAgain_R2_9) {
  const struct {
    LastResult last;
    const char* told;
  } rows[] = {{LastResult::kInterrupted, "held a NotConfirmed; restart a@w1 PreviousInterrupted; "},
              {LastResult::kFailed, "held a NotConfirmed; wait a@w1 NotConfirmed; "}};
  for (const auto& row : rows) {
    World world;
    world.worker("w1").job("a", "2.0.0");
    AppliedAllocation& back = world.running("a", "w1");
    back.last = row.last;
    back.last_target = Target::kRestart;
    back.rolled_back_from = world.job_of("a").tree;
    JobRecord& record = world.applied.jobs.at(JobName("a"));
    record.held_tree = world.job_of("a").tree;
    record.held_reason = "NotConfirmed";
    world.kept_content_is("a", "1.0.0");
    EXPECT_EQ(told(world.plan()), row.told);
  }
}

TEST(Plan, AFailedRolloutIsNotTriedAgainUntilTheJobChanges_R2_6) {
  World world;
  world.worker("w1").worker("w2").worker("w3").job("a", "2.0.0");
  AppliedAllocation& failed = world.running("a", "w1");
  failed.last = LastResult::kFailed;
  failed.last_target = Target::kRestart;
  failed.tree = world.job_of("a").tree;
  world.running("a", "w2");
  JobRecord& record = world.applied.jobs.at(JobName("a"));
  record.held_reason = "TargetFailed";
  record.held_tree = world.job_of("a").tree;
  world.kept_content_is("a", "1.0.0");
  // What failed stays as it is, what was not reached runs 1.0.0, the new worker gets it.
  EXPECT_EQ(told(world.plan()), "held a TargetFailed; start a@w3 New; wait a@w1 TargetFailed; ");
  world.job("a", "2.0.1");
  EXPECT_EQ(told(world.plan()), "start a@w3 New; restart a@w1 PreviousFailed; restart a@w2 VersionChanged; ");
}

TEST(Plan, AFirstRolloutThatFailedStartsNothingElsewhere_R2_6) {
  World world;
  world.worker("w1").worker("w2").job("a", "1.0.0");
  AppliedAllocation& failed = world.running("a", "w1");
  failed.running = false;
  failed.last = LastResult::kFailed;
  JobRecord& record = world.applied.jobs.at(JobName("a"));
  record.target_commit = record.good_commit = {};
  record.held_reason = "GateFailed";
  record.held_tree = world.job_of("a").tree;
  EXPECT_EQ(told(world.plan()), "held a GateFailed; ");
}

TEST(Plan, WhatAFailedRolloutPlacedElsewhereIsNotStopped_R2_6) {
  for (const bool broken_since : {false, true}) {
    World world;
    world.worker("w1", {"elsewhere"}).worker("w2", {"here"}).worker("w3", {"here"}).job("a", "2.0.0");
    world.job_of("a").selectors = {"here"};
    for (const char* worker : {"w2", "w3", "gone"}) world.running("a", worker).tree = world.job_of("a").tree;
    world.applied.allocations[{JobName("a"), WorkerHost("w3")}].last = LastResult::kFailed;
    JobRecord& record = world.applied.jobs.at(JobName("a"));
    record.held_reason = "TargetFailed";
    record.held_tree = world.job_of("a").tree;
    world.kept_content_is("a", "1.0.0");
    Job older = World::make_job("a", "1.0.0", "a");
    older.selectors = {"elsewhere"};  // where the last good content had been
    world.kept[JobName("a")].job = std::make_shared<const Job>(older);
    if (broken_since) {
      world.workspace.broken[JobName("a")].name = JobName("a");
      world.workspace.jobs.erase(JobName("a"));
    }
    // Where the head does not want it any more, it does not come back by itself.
    const std::string back = broken_since ? "start a@w1 New; " : "";
    const std::string why = broken_since ? "Broken" : "TargetFailed";
    EXPECT_EQ(told(world.plan()), "held a " + why + "; stop a@gone Left; remove a@gone Left; " + back +
                                      "wait a@w2 " + why + "; wait a@w3 " + why + "; ");
  }
}

TEST(Plan, TheNarrowerPinDecidesWhatAJobRuns_R5_4) {
  World world;
  world.worker("w1").worker("w2").job("a", "1.0.0").job("b", "1.0.0");
  for (const char* job : {"a", "b"}) world.running(job, "w1", "2.0.0");
  world.pins.put({.commit = CommitId("head"), .actor = "ann"});  // of the bucket: this is what is judged
  world.pins.put({.job = JobName("a"), .commit = CommitId("older"), .actor = "ann"});
  world.kept_content_is("a", "3.0.0");
  const Plan plan = world.plan();
  EXPECT_EQ(told(plan),
            "held a Pinned; start a@w2 New; restart a@w1 VersionChanged; start b@w2 New; restart b@w1 "
            "VersionChanged; ");
  EXPECT_EQ(plan.jobs.at(JobName("a")).starts.at(0).new_version, "3.0.0");
}

TEST(Plan, NoPinTriesAgainWhatFailed_R5_3) {
  for (const bool of_bucket : {false, true}) {
    for (const bool earlier : {false, true}) {
      World world;
      world.worker("w1").worker("w2").worker("w3").job("a", "2.0.0");
      AppliedAllocation& failed = world.running("a", "w1", "2.0.0");
      failed.last = LastResult::kFailed;
      failed.last_target = Target::kRestart;
      world.running("a", "w2");
      JobRecord& record = world.applied.jobs.at(JobName("a"));
      record.held_reason = "TargetFailed";
      record.held_detail = "make restart ended with 1";
      record.held_tree = failed.tree;
      if (earlier) put_away_hold(record);
      // The commit of the pin need not be the one that failed: the content is.
      const CommitId pinned(of_bucket ? "head" : "another");
      world.pins.put({.job = JobName(of_bucket ? "" : "a"), .commit = pinned, .actor = "ann"});
      world.kept_content_is("a", of_bucket ? "1.0.0" : "2.0.0");
      world.kept[JobName("a")].commit = of_bucket ? record.target_commit : pinned;
      const Plan plan = world.plan();
      // With the bucket's the rest stays at what it had; a job's own has nothing else to give.
      EXPECT_EQ(told(plan), of_bucket ? "held a TargetFailed; start a@w3 New; wait a@w1 TargetFailed; "
                                      : "held a Pinned; ")
          << of_bucket << earlier;
      if (of_bucket) continue;
      const std::string& why = plan.jobs.at(JobName("a")).held_detail;
      EXPECT_NE(why.find("TargetFailed: make restart ended with 1"), std::string::npos) << why;
      EXPECT_NE(why.find("`maand retry a`"), std::string::npos) << why;
    }
  }
}

TEST(Plan, AnErrorBetweenJobsHoldsTheOneThatChanged_R1_6) {
  World world;
  world.worker("w1").job("a", "1.1.0").job("b");
  world.running("a", "w1");
  world.running("b", "w1");
  world.workspace.between.push_back({Reason::kPortConflict, {JobName("a"), JobName("b")}, {}});
  world.kept_content_is("a", "1.0.0");
  EXPECT_EQ(told(world.plan()), "held a PortConflict; ");
}

}  // namespace
}  // namespace maand
