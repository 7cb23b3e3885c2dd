// What a commit means against what is applied: one small world per rule.
#include "reconciler/core/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "reconciler/core/allocation_decision.h"
#include "tests/unit/core/plan_world.h"

namespace maand {
namespace {

using World = PlanWorld;

TEST(Plan, AFirstCommitStartsEverythingInWorkerOrder) {
  World world;
  world.worker("w2").worker("w1").job("a").job("b");
  EXPECT_EQ(told(world.plan()), "start a@w2 New; start a@w1 New; start b@w2 New; start b@w1 New; ");
}

TEST(Plan, WhatIsAppliedNeedsNothing) {
  World world;
  world.worker("w1").worker("w2").job("a");
  world.running("a", "w1");
  world.running("a", "w2");
  const Plan plan = world.plan();
  EXPECT_EQ(told(plan), "");
  EXPECT_EQ(plan.unchanged, 2u);
  EXPECT_FALSE(plan.has_actions());
}

TEST(Plan, AVersionChangeAloneRestartsWithBothVersions_R2_2) {
  World world;
  world.worker("w1").job("a", "1.1.0");
  world.running("a", "w1", "1.0.0");
  const Plan plan = world.plan();
  ASSERT_EQ(told(plan), "restart a@w1 VersionChanged; ");
  const PlannedAction& action = plan.jobs.at(JobName("a")).upgrades.at(0);
  EXPECT_EQ(action.current_version, "1.0.0");
  EXPECT_EQ(action.new_version, "1.1.0");
  EXPECT_EQ(sentence(action), "a@w1: restart, because the version changes from 1.0.0 to 1.1.0");
}

TEST(Plan, AnAbsentDirectoryIsARemovalAtItsOwnVersion_R2_2) {
  World world;
  world.worker("w1").job("b");
  world.running("a", "w1", "1.4.0");
  const Plan plan = world.plan();
  EXPECT_EQ(told(plan), "stop a@w1 Left; remove a@w1 Left; start b@w1 New; ");
  const JobPlan& job = plan.jobs.at(JobName("a"));
  EXPECT_TRUE(job.leaving);
  EXPECT_EQ(job.drains.at(0).current_version, "1.4.0");
  EXPECT_EQ(job.drains.at(0).new_version, "1.4.0");
}

TEST(Plan, AWorkerThatLeftIsReachedWhereItWasSeenLast_R3_9) {
  World world;
  world.worker("w1").job("a");
  world.running("a", "w1");
  world.running("a", "w2");
  const Plan plan = world.plan();
  EXPECT_EQ(told(plan), "stop a@w2 Left; remove a@w2 Left; ");
  EXPECT_EQ(plan.jobs.at(JobName("a")).endpoints.at(WorkerHost("w2"))->address, "old-w2");
}

TEST(Plan, ADisabledAllocationIsStoppedOnceAndKeepsItsFiles) {
  World world;
  world.worker("w1").worker("w2").job("a", "2.0.0");
  world.running("a", "w1", "2.0.0");
  world.running("a", "w2", "2.0.0");
  world.workspace.disabled.jobs[JobName("a")] = {WorkerHost("w1")};
  EXPECT_EQ(told(world.plan()), "stop a@w1 Disabled; ");
  EXPECT_EQ(world.plan().jobs.at(JobName("a")).drains.at(0).new_version, "2.0.0");
  AppliedAllocation& stopped = world.applied.allocations.at({JobName("a"), WorkerHost("w1")});
  stopped.running = false;
  stopped.last_target = Target::kStop;
  EXPECT_EQ(told(world.plan()), "");
  world.workspace.disabled.jobs.clear();
  EXPECT_EQ(told(world.plan()), "start a@w1 ReEnabled; ");
}

TEST(Plan, WavesFollowTheDemandsOfTheContentThatIsTheTarget_R2_3) {
  World world;
  world.worker("w1").job("a", "2.0.0").job("b").job("c").job("lost");
  for (const char* name : {"a", "gone", "lost"}) world.running(name, "w1");
  world.applied.jobs.at(JobName("gone")).wave = 7;
  world.applied.jobs.at(JobName("lost")).wave = 5;
  world.job_of("b").demands = {{JobName("a"), "", ""}};
  world.job_of("c").demands = {{JobName("b"), "", ""}};
  world.job_of("a").demands = {{JobName("c"), "", ""}};  // held at what demanded nobody
  for (const char* name : {"a", "lost"}) {
    world.workspace.between.push_back({Reason::kDemandCycle, {JobName(name)}, {}});
  }
  world.kept_content_is("a", "1.0.0");
  const Plan plan = world.plan();
  const auto wave = [&](const char* name) { return plan.jobs.at(JobName(name)).wave; };
  EXPECT_TRUE(plan.jobs.at(JobName("a")).held);
  EXPECT_EQ(wave("a"), 0);
  EXPECT_EQ(wave("b"), 1);
  EXPECT_EQ(wave("c"), 2);
  EXPECT_EQ(wave("gone"), 7) << "of a job that leaves, the wave it had";
  EXPECT_EQ(wave("lost"), 5) << "nothing is known of its content, so it stays where it was";
}

TEST(Plan, MoreStopsThanTheBudgetAllowsAreHeld_R5_1) {
  World world;
  world.worker("w1").job("keep");
  for (const char* host : {"w1", "w2", "w3"}) {
    world.worker(host == std::string("w1") ? "w9" : host);
    world.running("gone", host);
  }
  world.running("keep", "w1");
  world.running("keep", "w9");
  world.workspace.workers.resize(2);
  const Plan plan = world.plan();
  EXPECT_EQ(told(plan), "held gone RemovalBudget; ");
  world.settings.released_removals = {{JobName("gone"), WorkerHost("w1")},
                                      {JobName("gone"), WorkerHost("w2")},
                                      {JobName("gone"), WorkerHost("w3")}};
  EXPECT_EQ(world.plan().jobs.at(JobName("gone")).drains.size(), 3u);
}

TEST(Plan, FourOrFewerRunningHaveNoBudget_R5_1) {
  World world;
  world.worker("w1").job("b");
  world.running("a", "w1");
  EXPECT_EQ(world.plan().jobs.at(JobName("a")).drains.size(), 1u);
}

TEST(Plan, NoJobsAtAllIsHeldHoweverFewRun_R1_3) {
  World world;
  world.worker("w1");
  world.running("a", "w1");
  EXPECT_EQ(told(world.plan()), "held a RemovalBudget; ");
}

TEST(Plan, OtherBytesFromTheSameTreeAreANewBaseline_R1_10) {
  World world;
  world.worker("w1").job("a");
  AppliedAllocation& allocation = world.running("a", "w1");
  allocation.files = make_file_set({{.path = "Makefile", .content = sha256("an older maand rendered this")}});
  const Plan plan = world.plan();
  EXPECT_EQ(told(plan), "");
  ASSERT_EQ(plan.baselines.size(), 1u);
  EXPECT_EQ(plan.baselines[0].second, world.job_of("a").files->digest);
}

TEST(Plan, AStopThatFailedIsTriedAgainWithTheNextHeadOnly_R3_10) {
  World world;
  world.worker("w1").job("b");
  world.running("b", "w1");
  AppliedAllocation& allocation = world.running("a", "w1");
  allocation.last = LastResult::kFailed;
  allocation.last_target = Target::kStop;
  allocation.stop_failed = true;
  allocation.attempted_head = CommitId("head");
  EXPECT_EQ(told(world.plan()), "wait a@w1 StopFailed; ");
  allocation.attempted_head = CommitId("older");
  EXPECT_EQ(told(world.plan()), "stop a@w1 Left; remove a@w1 Left; ");
}

TEST(Plan, ASecondInterruptionByAnotherBootIsLeftAlone_R3_4) {
  World world;
  world.worker("w1").job("a");
  AppliedAllocation& allocation = world.running("a", "w1");
  allocation.last = LastResult::kInterrupted;
  allocation.last_target = Target::kRestart;
  allocation.interruptions = 1;
  EXPECT_EQ(told(world.plan()), "restart a@w1 PreviousInterrupted; ");
  allocation.interruptions = 2;
  allocation.reboot_loop = true;
  EXPECT_EQ(told(world.plan()), "wait a@w1 RebootLoop; ");
}

TEST(Plan, AnOpenOperationIsSettledBeforeAnythingIsPlannedOnIt_R2_1) {
  World world;
  world.worker("w1").job("a", "2.0.0");
  world.running("a", "w1").open = Operation{};
  EXPECT_EQ(told(world.plan()), "wait a@w1 Unsettled; ");
}

TEST(Plan, TheActiveAllocationsOfAJobComeInOrderWithoutTheDisabledOnes) {
  World world;
  world.worker("w1").worker("w2").worker("w3").job("a", "2.0.0");
  world.running("a", "w1").health = Health::kUnhealthy;
  world.workspace.disabled.workers = {WorkerHost("w2")};
  const Plan plan = world.plan();
  const auto& active = plan.jobs.at(JobName("a")).active;
  ASSERT_EQ(active.size(), 2u);
  EXPECT_EQ(active[0].key.worker.str(), "w1");
  EXPECT_EQ(active[0].health, Health::kUnhealthy);
  EXPECT_TRUE(active[0].running);
  EXPECT_EQ(active[1].key.worker.str(), "w3");
  EXPECT_FALSE(active[1].running);
}

TEST(Plan, EveryTargetHasALimit) {
  World world;
  world.worker("w1").job("a");
  world.settings.lifecycle_timeout = Seconds(42);
  world.job_of("a").timeouts[Target::kStart] = Seconds(7);
  const JobPlan plan = world.plan().jobs.at(JobName("a"));
  EXPECT_EQ(plan.timeouts.at(Target::kStart), Seconds(7));
  EXPECT_EQ(plan.timeouts.at(Target::kStop), Seconds(42));
}

TEST(Plan, OneAllocationIsDecidedLikeTheWhole) {
  World world;
  world.worker("w1").job("a", "1.1.0");
  world.running("a", "w1");
  const DesiredState desired = desire(CommitId("head"), world.workspace, world.applied);
  const AllocationKey key{JobName("a"), WorkerHost("w1")};
  EXPECT_EQ(decide_one(desired, world.applied, key), world.plan().jobs.at(JobName("a")).upgrades.at(0));
}

}  // namespace
}  // namespace maand
