// Going back from a failed rollout, and what is not tried again: R5.2, R5.3.
#include "reconciler/core/rollback_plan.h"

#include <gtest/gtest.h>

#include "reconciler/core/renames.h"
#include "tests/unit/core/plan_world.h"

namespace maand {
namespace {

// Version 1.0.0 runs, 2.0.0 is the head and failed with on_failure rollback.
class BackWorld : public PlanWorld {
 public:
  explicit BackWorld(Rollback rollback = Rollback::kDue) {
    for (const char* host : {"w1", "w2", "w3", "w4"}) worker(host);
    job("api", "2.0.0");
    for (const char* host : {"w1", "w2", "w3"}) running("api", host);
    kept_content_is("api", "1.0.0");
    JobRecord& job = record();
    job.held_reason = "GateFailed";
    job.held_detail = "api@w2 not healthy";
    job.held_tree = job_of("api").tree;
    job.held_commit = CommitId("head");
    job.failed_version = "2.0.0";
    job.rollback = rollback;
  }
  JobRecord& record() { return applied.jobs.at(JobName("api")); }
  AppliedAllocation& on(const std::string& host) {
    return applied.allocations[{JobName("api"), WorkerHost(host)}];
  }

  // An operation of the rollout of the head, with its end.
  AppliedAllocation& rolled(const std::string& host, Action action, OutcomeKind kind) {
    AppliedAllocation& allocation = on(host);
    Operation operation;
    operation.allocation = {JobName("api"), WorkerHost(host)};
    operation.action = action;
    operation.files = job_of("api").files;
    operation.new_version = "2.0.0";
    record_begin(allocation, operation, job_of("api").tree, CommitId("head"), true);
    record_outcome(allocation, {.kind = kind}, CommitId("head"));
    return allocation;
  }
  // The action that the plan has for it, done.
  void do_planned(const std::string& host, OutcomeKind kind = OutcomeKind::kSucceeded) {
    const Plan all = plan();
    const JobPlan& plan = all.jobs.at(JobName("api"));
    for (const auto* actions : {&plan.drains, &plan.upgrades}) {
      for (const PlannedAction& action : *actions) {
        if (action.key.worker != WorkerHost(host)) continue;
        Operation operation;
        operation.allocation = action.key;
        operation.action = action.action;
        operation.files = action.files;
        operation.new_version = action.new_version;
        record_begin(on(host), operation, plan.tree, CommitId("head"), false);
        record_outcome(on(host), {.kind = kind}, CommitId("head"));
      }
    }
  }
};

TEST(RollbackPlan, WhatTheRolloutTouchedGoesBackAndNothingElse_R5_2) {
  BackWorld world;
  world.rolled("w1", Action::kRestart, OutcomeKind::kSucceeded);
  world.rolled("w2", Action::kRestart, OutcomeKind::kFailed);
  world.rolled("w4", Action::kStart, OutcomeKind::kSucceeded);  // new in this rollout
  const Plan plan = world.plan();
  EXPECT_EQ(told(plan), "stop api@w4 RolledBack; rollback api@w1 RolledBack; rollback api@w2 RolledBack; ");
  const JobPlan& api = plan.jobs.at(JobName("api"));
  EXPECT_TRUE(api.rollback);
  for (const PlannedAction& action : api.upgrades) {
    EXPECT_EQ(action.current_version, "2.0.0") << action.key.str() << ": the failed version";
    EXPECT_EQ(action.new_version, "1.0.0");
    EXPECT_EQ(action.files->digest, PlanWorld::make_job("api", "1.0.0", "a").files->digest);
  }
}

TEST(RollbackPlan, AfterwardsTheOldContentIsWhatIsConfirmed_R5_2) {
  BackWorld world(Rollback::kBegun);
  const AppliedAllocation before = world.on("w1");
  world.rolled("w1", Action::kRestart, OutcomeKind::kSucceeded);
  world.do_planned("w1");
  const AppliedAllocation& after = world.on("w1");
  EXPECT_EQ(after.version, "1.0.0");
  EXPECT_EQ(after.files->list_id, before.files->list_id);
  EXPECT_EQ(after.tree, before.tree);
  EXPECT_EQ(after.commit, before.commit);
  EXPECT_EQ(after.last, LastResult::kConfirmed);
  EXPECT_FALSE(after.before);
  EXPECT_EQ(told(world.plan()), "") << "and going back is through";
  // A commit that reverts in git finds nothing that differs.
  world.record().rollback = Rollback::kDone;
  world.job("api", "1.0.0");
  for (const char* host : {"w2", "w3", "w4"}) world.running("api", host);
  EXPECT_EQ(told(world.plan()), "");
}

TEST(RollbackPlan, TheFailedContentIsNotTriedAgain_R5_3) {
  BackWorld world(Rollback::kBegun);
  world.rolled("w1", Action::kRestart, OutcomeKind::kSucceeded);
  world.rolled("w4", Action::kStart, OutcomeKind::kFailed);
  world.do_planned("w1");
  world.do_planned("w4");
  world.record().rollback = Rollback::kDone;
  for (const char* host : {"w1", "w4"}) prove(world.on(host));
  EXPECT_EQ(told(world.plan()), "held api RolledBack; wait api@w4 RolledBack; ")
      << "what was new stays stopped";
}

TEST(RollbackPlan, ARolloutOnTopOfOneThatFailedGoesBackToWhatWasConfirmed_R5_2) {
  BackWorld world;
  world.rolled("w1", Action::kRestart, OutcomeKind::kFailed);
  const TreeId first = world.job_of("api").tree;
  world.job("api", "2.0.0", "b");
  world.record().held_tree = world.job_of("api").tree;
  ASSERT_NE(world.record().held_tree, first);
  world.rolled("w1", Action::kRestart, OutcomeKind::kFailed);
  const Plan plan = world.plan();
  ASSERT_EQ(told(plan), "rollback api@w1 RolledBack; ");
  EXPECT_EQ(plan.jobs.at(JobName("api")).upgrades[0].new_version, "1.0.0");
}

TEST(RollbackPlan, OneThatIsThroughIsWhatIsGoneBackToFromThenOn) {
  BackWorld world;
  prove(world.rolled("w1", Action::kRestart, OutcomeKind::kSucceeded));
  world.job("api", "3.0.0");
  world.record().held_tree = world.job_of("api").tree;
  world.record().failed_version = "3.0.0";
  world.rolled("w1", Action::kRestart, OutcomeKind::kFailed);
  const Plan plan = world.plan();
  ASSERT_EQ(told(plan), "rollback api@w1 RolledBack; ");
  EXPECT_EQ(plan.jobs.at(JobName("api")).upgrades[0].new_version, "2.0.0");
}

TEST(RollbackPlan, ANewerContentMakesItNeedlessUnlessItHasBegun_R1_8) {
  for (const Rollback rollback : {Rollback::kDue, Rollback::kBegun}) {
    BackWorld world(rollback);
    world.rolled("w1", Action::kRestart, OutcomeKind::kFailed);
    world.job("api", "3.0.0");
    const std::string plan = told(world.plan());
    if (rollback == Rollback::kBegun) {
      EXPECT_EQ(plan, "rollback api@w1 RolledBack; ");
    } else {
      EXPECT_EQ(plan.find("rollback"), std::string::npos) << plan;
      EXPECT_NE(plan.find("api@w1 PreviousFailed"), std::string::npos) << plan;
    }
  }
}

TEST(RollbackPlan, ABegunOneIsFinishedAlsoWhenTheJobLeavesIsPinnedOrSuspended_R5_5) {
  for (const char* what : {"leaves", "suspended"}) {
    BackWorld world(Rollback::kBegun);
    world.rolled("w1", Action::kRestart, OutcomeKind::kFailed);
    if (std::string(what) == "leaves") {
      world.workspace.jobs.clear();
    } else {
      world.settings.suspended.put({.job = JobName("api"), .actor = "a", .reason = "r"});
    }
    EXPECT_EQ(told(world.plan()), "rollback api@w1 RolledBack; ") << what;
  }
}

TEST(RollbackPlan, OneThatHasNotBegunWaitsWhileTheJobIsSuspended_R5_5) {
  BackWorld world(Rollback::kDue);
  world.rolled("w1", Action::kRestart, OutcomeKind::kFailed);
  world.settings.suspended.put({.job = JobName("api"), .actor = "a", .reason = "r"});
  EXPECT_EQ(told(world.plan()), "held api Suspended; ");
}

TEST(RollbackPlan, ItNeedsNoContentThatLoads_R5_2) {
  BackWorld world(Rollback::kBegun);
  world.rolled("w1", Action::kRestart, OutcomeKind::kFailed);
  world.kept.clear();
  EXPECT_EQ(told(world.plan()), "rollback api@w1 RolledBack; ");
}

TEST(RollbackPlan, WhatIsNotSettledComesFirst_R3_4) {
  BackWorld world(Rollback::kBegun);
  world.rolled("w1", Action::kRestart, OutcomeKind::kUnknown);
  const Plan plan = world.plan();
  EXPECT_EQ(told(plan), "wait api@w1 Unsettled; ");
  EXPECT_TRUE(plan.jobs.at(JobName("api")).unsettled) << "so it cannot be through";
}

TEST(RollbackPlan, AGateThatIsOwedIsAskedWithoutATarget_R7_1) {
  BackWorld world(Rollback::kBegun);
  Job kept = PlanWorld::make_job("api", "1.0.0", "a");
  kept.health.checks.push_back({HealthCheck::Type::kTcp, 80});
  world.kept[JobName("api")].job = std::make_shared<const Job>(kept);
  world.rolled("w1", Action::kRestart, OutcomeKind::kFailed);
  world.do_planned("w1");
  EXPECT_EQ(told(world.plan()), "restore api@w1 Settled; ");
  world.on("w1").health = Health::kHealthy;
  EXPECT_EQ(told(world.plan()), "");
}

TEST(RollbackPlan, WhatNothingIsKnownOfIsNamed) {
  BackWorld world(Rollback::kBegun);
  world.on("w1").tree = world.record().held_tree;  // touched by a maand that remembered nothing
  const RollbackPlan back = plan_rollback(world.record(), world.applied, false);
  EXPECT_TRUE(back.through());
  ASSERT_EQ(back.lost.size(), 1u);
  EXPECT_EQ(back.lost[0].str(), "api@w1");
}

// The worker keeps what was confirmed below the name that the job had then.
TEST(RollbackPlan, AJobThatCameUnderAnotherNameHasNothingToGoBackTo) {
  BackWorld world(Rollback::kBegun);
  world.on("w1").moved_from = JobName("old");
  world.rolled("w1", Action::kRestart, OutcomeKind::kFailed);
  EXPECT_FALSE(world.on("w1").before);
  const RollbackPlan back = plan_rollback(world.record(), world.applied, false);
  ASSERT_EQ(back.lost.size(), 1u);
  EXPECT_EQ(back.lost[0].str(), "api@w1");
  world.rolled("w2", Action::kRestart, OutcomeKind::kFailed);
  ASSERT_TRUE(world.on("w2").before);
  EXPECT_FALSE(renamed(world.on("w2"), {JobName("new"), WorkerHost("w2")}).before);
  EXPECT_TRUE(renamed(world.on("w2"), {JobName("api"), WorkerHost("w9")}).before) << "its directory stays";
}

TEST(RollbackPlan, AnAllocationWhoseOperationNeverBeganIsAsItWas) {
  BackWorld world(Rollback::kBegun);
  const TreeId tree = world.on("w1").tree;
  for (const OutcomeKind kind : {OutcomeKind::kNever, OutcomeKind::kCondition}) {
    const AppliedAllocation& after = world.rolled("w1", Action::kRestart, kind);
    EXPECT_FALSE(after.before);
    EXPECT_EQ(after.tree, tree);
  }
  EXPECT_EQ(told(world.plan()), "");
}

TEST(RollbackPlan, PortsThatTheRolloutGivesUpStayReservedUntilItIsThrough_R5_2) {
  BackWorld world(Rollback::kNone);
  world.record().held_reason.clear();
  const auto ports = [&] {
    return desire(CommitId("head"), world.workspace, world.applied, world.kept).ports;
  };
  world.job("api", "1.0.0");
  world.job_of("api").resources.ports = {{"http", std::nullopt}};
  world.applied.ports = ports();
  const int number = world.applied.ports.at(JobName("api")).at("http");
  world.job("api", "2.0.0");  // declares none
  world.job("other", "1.0.0");
  world.job_of("other").resources.ports = {{"http", std::nullopt}};
  world.rolled("w1", Action::kRestart, OutcomeKind::kFailed);
  world.applied.ports = ports();
  EXPECT_NE(world.applied.ports.at(JobName("other")).at("http"), number);
  world.job("api", "1.0.0");
  world.job_of("api").resources.ports = {{"http", std::nullopt}};
  EXPECT_EQ(ports().at(JobName("api")).at("http"), number) << "and it comes back to it";
  world.job("api", "2.0.0");
  prove(world.on("w1"));
  EXPECT_EQ(ports().count(JobName("api+before")), 0u) << "through: they are free";
}

// ---- quarantine

TEST(Quarantine, AKeyThatFailedEarlierIsHeldAgainAndSaysSinceWhen_R5_3) {
  BackWorld world(Rollback::kNone);
  put_away_hold(world.record());
  EXPECT_TRUE(world.record().held_reason.empty());
  world.record().failed_keys[0].since = WallTime(std::chrono::seconds(1700000000));
  const Plan plan = world.plan();
  const JobPlan& api = plan.jobs.at(JobName("api"));
  EXPECT_TRUE(api.held);
  EXPECT_EQ(api.held_reason, Reason::kGateFailed);
  EXPECT_NE(api.held_detail.find("not tried since 2023-11-14T22:13:20"), std::string::npos)
      << api.held_detail;
}

TEST(Quarantine, AnotherKeyIsTried_R5_3) {
  BackWorld world(Rollback::kDone);
  world.job("api", "3.0.0");
  EXPECT_EQ(told(world.plan()),
            "start api@w4 New; restart api@w1 VersionChanged; restart api@w2 VersionChanged; "
            "restart api@w3 VersionChanged; ");
}

TEST(Quarantine, TheNewestOfTheKeysThatFailedAreKept) {
  JobRecord record;
  for (int i = 0; i < 30; ++i) {
    record.held_reason = "GateFailed";
    record.held_tree = TreeId("tree" + std::to_string(i));
    put_away_hold(record);
  }
  EXPECT_EQ(record.failed_keys.size(), kKeptFailedKeys);
  EXPECT_EQ(record.failed_keys.back().tree, TreeId("tree29"));
}

// ---- max_failures and bakes of earlier passes

TEST(EarlierPasses, AnAllocationThatMayFailIsNotTriedAgainByItself_R2_9) {
  PlanWorld world;
  world.worker("w1").worker("w2").job("api", "2.0.0");
  world.job_of("api").rollout.max_failures = 1;
  world.running("api", "w1");
  AppliedAllocation& failed = world.running("api", "w2");
  failed.tree = world.job_of("api").tree;
  failed.last = LastResult::kFailed;
  failed.attempts = 1;
  failed.attempted_head = CommitId("earlier");
  const Plan plan = world.plan();
  EXPECT_EQ(told(plan), "restart api@w1 VersionChanged; wait api@w2 TargetFailed; ");
  EXPECT_EQ(plan.jobs.at(JobName("api")).failed_before, 1);
}

TEST(EarlierPasses, WhatIsLeftOfABakeIsPlannedWithoutAnAction_R2_9) {
  PlanWorld world;
  world.worker("w1").job("api");
  world.running("api", "w1");
  JobRecord& record = world.applied.jobs.at(JobName("api"));
  record.bake_tree = world.job_of("api").tree;
  record.bake_left = std::chrono::seconds(30);
  const Plan plan = world.plan();
  EXPECT_FALSE(plan.has_actions());
  ASSERT_EQ(plan.jobs.size(), 1u);
  EXPECT_EQ(plan.jobs.at(JobName("api")).bake_left, std::chrono::seconds(30));
  EXPECT_TRUE(plan.jobs.at(JobName("api")).active[0].bakes);
  record.bake_tree = TreeId("another");
  EXPECT_TRUE(world.plan().jobs.empty()) << "of another content";
}

TEST(EarlierPasses, ACanaryThatHasBeenThroughIsNoneAgain_R2_9) {
  PlanWorld world;
  world.worker("w1").worker("w2").job("api", "2.0.0");
  world.job_of("api").rollout.canary = 1;
  world.running("api", "w1", "2.0.0");
  world.running("api", "w2");
  EXPECT_EQ(world.plan().jobs.at(JobName("api")).policy.canary, 0);
}

}  // namespace
}  // namespace maand
