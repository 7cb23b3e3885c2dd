// How an operation changes what is known of an allocation (R3.4, R7.1).
#include "reconciler/core/applied.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

AppliedAllocation begun(Action action, AppliedAllocation allocation = {}) {
  Operation operation;
  operation.id = OperationId("op");
  operation.action = action;
  operation.files = make_file_set({{.path = "Makefile", .content = sha256("new")}});
  operation.new_version = "2.0.0";
  record_begin(allocation, operation, TreeId("tree"), CommitId("head"));
  return allocation;
}

AppliedAllocation running_one() {
  AppliedAllocation allocation;
  allocation.running = true;
  allocation.version = "1.0.0";
  allocation.files = make_file_set({{.path = "Makefile", .content = sha256("old")}});
  allocation.last = LastResult::kConfirmed;
  allocation.last_target = Target::kStart;
  return allocation;
}

TEST(Applied, BeginningChangesNothingThatWasConfirmed) {
  const AppliedAllocation allocation = begun(Action::kRestart, running_one());
  EXPECT_TRUE(allocation.open.has_value());
  EXPECT_TRUE(allocation.running);
  EXPECT_EQ(allocation.version, "1.0.0");
  EXPECT_EQ(allocation.last, LastResult::kConfirmed);
}

TEST(Applied, AConfirmedTargetMovesVersionAndFiles) {
  AppliedAllocation allocation = begun(Action::kRestart, running_one());
  EXPECT_TRUE(record_outcome(allocation, {.kind = OutcomeKind::kSucceeded}, CommitId("c")));
  EXPECT_FALSE(allocation.open.has_value());
  EXPECT_EQ(allocation.version, "2.0.0");
  EXPECT_EQ(allocation.commit.str(), "c");
  EXPECT_EQ(allocation.files->files[0].content, sha256("new"));
}

TEST(Applied, AFailedTargetKeepsTheConfirmedVersionThoughItsFilesLanded) {
  AppliedAllocation allocation = begun(Action::kRestart, running_one());
  EXPECT_TRUE(record_outcome(allocation, {.kind = OutcomeKind::kFailed, .exit_status = 2}, CommitId("c")));
  EXPECT_EQ(allocation.version, "1.0.0");
  EXPECT_TRUE(allocation.running);
  EXPECT_EQ(allocation.last, LastResult::kFailed);
  EXPECT_EQ(allocation.attempts, 1);
  EXPECT_EQ(allocation.files->files[0].content, sha256("new"));
}

// Files may differ from those that failed without another version: with its tree on record
// they would differ without a cause (R1.10), and the next rollout would leave it out.
TEST(Applied, TheGateThatWhatWasPutBackOwesBringsNothingOfWhatFailed_R5_2) {
  AppliedAllocation allocation = running_one();
  allocation.tree = TreeId("before");
  allocation.rolled_back_from = TreeId("tree");
  allocation = begun(Action::kRestore, allocation);
  EXPECT_EQ(allocation.tree, TreeId("before"));
  record_outcome(allocation, {.kind = OutcomeKind::kSucceeded}, CommitId("c"));
  EXPECT_EQ(allocation.tree, TreeId("before"));
}

TEST(Applied, AnUnknownEndLeavesItOpen) {
  AppliedAllocation allocation = begun(Action::kStart);
  EXPECT_TRUE(record_outcome(allocation, {.kind = OutcomeKind::kUnknown}, CommitId("c")));
  EXPECT_TRUE(allocation.open.has_value());
}

TEST(Applied, WhatNeverBeganChangesNothing) {
  for (const OutcomeKind kind : {OutcomeKind::kNever, OutcomeKind::kCondition}) {
    AppliedAllocation allocation = begun(Action::kRestart, running_one());
    EXPECT_TRUE(record_outcome(allocation, {.kind = kind}, CommitId("c")));
    EXPECT_FALSE(allocation.open.has_value());
    EXPECT_EQ(allocation.version, "1.0.0");
    EXPECT_EQ(allocation.last, LastResult::kConfirmed);
    EXPECT_EQ(allocation.files->files[0].content, sha256("old"));
  }
}

// Or a change that was cut off before it began would be taken for a file that maand makes
// otherwise than before, and be forgotten (R1.10).
TEST(Applied, WhatNeverBeganIsNotOfTheNewerTree) {
  for (const OutcomeKind kind : {OutcomeKind::kNever, OutcomeKind::kCondition}) {
    AppliedAllocation allocation = begun(Action::kRestart, running_one());
    const TreeId newer = allocation.tree;
    record_outcome(allocation, {.kind = kind}, CommitId("c"));
    EXPECT_NE(allocation.tree, newer);
    // A file that lies there already came with it: its gate is still owed.
    AppliedAllocation same = begun(Action::kSync, running_one());
    same.files = same.open->files;
    record_outcome(same, {.kind = kind}, CommitId("c"));
    EXPECT_EQ(same.tree, newer);
    // A target that failed before counts its attempts at that tree.
    AppliedAllocation failed = begun(Action::kRestart, running_one());
    failed.last = LastResult::kFailed;
    record_outcome(failed, {.kind = kind}, CommitId("c"));
    EXPECT_EQ(failed.tree, newer);
  }
}

TEST(Applied, AStopEndsRunningAndKeepsVersionAndFiles) {
  AppliedAllocation allocation = begun(Action::kStop, running_one());
  record_outcome(allocation, {.kind = OutcomeKind::kSucceeded}, CommitId("c"));
  EXPECT_FALSE(allocation.running);
  EXPECT_EQ(allocation.version, "1.0.0");
  EXPECT_EQ(allocation.files->files[0].content, sha256("old"));
}

TEST(Applied, AFailedStopCountsAsRunning_R3_10) {
  AppliedAllocation allocation = begun(Action::kStop, running_one());
  record_outcome(allocation, {.kind = OutcomeKind::kFailed, .exit_status = 1}, CommitId("c"));
  EXPECT_TRUE(allocation.running);
  EXPECT_TRUE(allocation.stop_failed);
  EXPECT_EQ(allocation.files->files[0].content, sha256("old"));
}

TEST(Applied, StagingAheadOfAMoveConfirmsNothing_R2_3) {
  AppliedAllocation allocation = begun(Action::kStage);
  record_outcome(allocation, {.kind = OutcomeKind::kSucceeded}, CommitId("c"));
  EXPECT_FALSE(allocation.running);
  EXPECT_EQ(allocation.version, "0.0.0");
  EXPECT_EQ(allocation.last, LastResult::kNone);
  EXPECT_NE(allocation.files, nullptr);
}

TEST(Applied, ASyncMovesVersionAndFilesAndNoTarget) {
  AppliedAllocation allocation = begun(Action::kSync, running_one());
  record_outcome(allocation, {.kind = OutcomeKind::kSucceeded}, CommitId("c"));
  EXPECT_EQ(allocation.version, "2.0.0");
  EXPECT_EQ(allocation.last_target, Target::kStart);
  EXPECT_TRUE(allocation.running);
}

TEST(Applied, NothingRemainsOfARemoval) {
  AppliedAllocation allocation = begun(Action::kRemove, running_one());
  EXPECT_FALSE(record_outcome(allocation, {.kind = OutcomeKind::kSucceeded}, CommitId("c")));
}

TEST(Applied, ASecondInterruptionByAnotherBootIsARebootLoop_R3_4) {
  AppliedAllocation allocation = begun(Action::kRestart, running_one());
  record_outcome(allocation, {.kind = OutcomeKind::kInterrupted, .boot_id = "one"}, CommitId("c"));
  EXPECT_EQ(allocation.last, LastResult::kInterrupted);
  EXPECT_FALSE(allocation.reboot_loop);
  allocation = begun(Action::kRestart, allocation);
  record_outcome(allocation, {.kind = OutcomeKind::kInterrupted, .boot_id = "two"}, CommitId("c"));
  EXPECT_EQ(allocation.interruptions, 2);
  EXPECT_TRUE(allocation.reboot_loop);
}

TEST(Applied, OtherContentStartsItsAttemptsAnew) {
  AppliedAllocation allocation = begun(Action::kRestart, running_one());
  record_outcome(allocation, {.kind = OutcomeKind::kFailed}, CommitId("c"));
  Operation operation;
  operation.action = Action::kRestart;
  record_begin(allocation, operation, TreeId("other"), CommitId("head"));
  EXPECT_EQ(allocation.attempts, 0);
}

// R2.9 confirm_seconds.
AppliedAllocation begun_with_a_way_back(AppliedAllocation allocation) {
  Operation operation;
  operation.id = OperationId("op");
  operation.action = allocation.running ? Action::kRestart : Action::kStart;
  operation.files = make_file_set({{.path = "Makefile", .content = sha256("new")}});
  operation.new_version = "2.0.0";
  operation.ports = {{"http", 9000}};
  record_begin(allocation, operation, TreeId("tree"), CommitId("head"), true);
  return allocation;
}

Outcome taken_back(OutcomeKind back, bool stopped = false) {
  return {.kind = OutcomeKind::kFailed,
          .confirmation = Confirmation::kReverted,
          .back = back,
          .back_stopped = stopped};
}

TEST(Applied, WhatWaitsToBeConfirmedStaysOpenAndCountsAfterwards) {
  AppliedAllocation allocation = begun_with_a_way_back(running_one());
  const Outcome pending{.kind = OutcomeKind::kSucceeded, .confirmation = Confirmation::kPending};
  EXPECT_TRUE(record_outcome(allocation, pending, CommitId("c")));
  EXPECT_TRUE(allocation.open.has_value());
  EXPECT_EQ(allocation.version, "1.0.0");
  const Outcome confirmed{.kind = OutcomeKind::kSucceeded, .confirmation = Confirmation::kConfirmed};
  EXPECT_TRUE(record_outcome(allocation, confirmed, CommitId("c")));
  EXPECT_FALSE(allocation.open.has_value());
  EXPECT_EQ(allocation.version, "2.0.0");
}

TEST(Applied, WhatAWorkerTookBackIsAsItWasBefore) {
  AppliedAllocation before = running_one();
  before.tree = TreeId("old tree");
  before.commit = CommitId("old");
  before.holds = {8000};
  AppliedAllocation allocation = begun_with_a_way_back(before);
  EXPECT_TRUE(record_outcome(allocation, taken_back(OutcomeKind::kSucceeded), CommitId("c")));
  EXPECT_FALSE(allocation.open.has_value());
  EXPECT_TRUE(allocation.running);
  EXPECT_EQ(allocation.version, "1.0.0");
  EXPECT_EQ(allocation.files->list_id, before.files->list_id);
  EXPECT_EQ(allocation.tree, before.tree);
  EXPECT_EQ(allocation.commit, before.commit);
  EXPECT_EQ(allocation.holds, before.holds);
  EXPECT_EQ(allocation.last, LastResult::kConfirmed);
  EXPECT_EQ(allocation.rolled_back_from.str(), "tree") << "so that it is not tried again unasked";
  EXPECT_FALSE(allocation.before);
}

TEST(Applied, WhatWasTakenBackOnTopOfWhatFailedIsAsItWasConfirmed) {
  AppliedAllocation allocation = begun_with_a_way_back(running_one());
  record_outcome(allocation, {.kind = OutcomeKind::kFailed, .exit_status = 2}, CommitId("c"));
  allocation = begun_with_a_way_back(allocation);
  record_outcome(allocation, taken_back(OutcomeKind::kSucceeded), CommitId("c"));
  EXPECT_EQ(allocation.files->files[0].content, sha256("old"));
  EXPECT_EQ(allocation.last, LastResult::kConfirmed);
}

TEST(Applied, GoingBackThatDidNotEndWellIsTriedAgainLikeATarget) {
  const struct {
    OutcomeKind back;
    LastResult last;
    bool files;
  } rows[] = {{OutcomeKind::kFailed, LastResult::kFailed, true},
              {OutcomeKind::kInterrupted, LastResult::kInterrupted, false}};
  for (const auto& row : rows) {
    AppliedAllocation allocation = begun_with_a_way_back(running_one());
    record_outcome(allocation, taken_back(row.back), CommitId("c"));
    EXPECT_EQ(allocation.last, row.last);
    EXPECT_EQ(allocation.last_target, Target::kRestart);
    EXPECT_EQ(allocation.version, "1.0.0");
    EXPECT_EQ(allocation.files != nullptr, row.files) << "files that may be half back are not known";
    ASSERT_TRUE(allocation.before) << "R5.2: a rollback puts it back";
    EXPECT_EQ(allocation.before->version, "1.0.0");
    EXPECT_FALSE(is_as_before(allocation));
  }
}

TEST(Applied, AFirstStartThatIsTakenBackWasStopped) {
  AppliedAllocation allocation = begun_with_a_way_back({});
  record_outcome(allocation, taken_back(OutcomeKind::kSucceeded, true), CommitId("c"));
  EXPECT_FALSE(allocation.running);
  EXPECT_EQ(allocation.last, LastResult::kFailed);
  EXPECT_EQ(allocation.last_target, Target::kStop);
  EXPECT_EQ(allocation.version, "0.0.0");
  EXPECT_TRUE(held_ports(allocation).empty());
  ASSERT_TRUE(allocation.files) << "a stop leaves them";

  AppliedAllocation still = begun_with_a_way_back({});
  record_outcome(still, taken_back(OutcomeKind::kFailed, true), CommitId("c"));
  EXPECT_EQ(held_ports(still), std::vector<int>{9000}) << "it may run: its stop failed";
}

TEST(Applied, AStoreThatWasLostKnowsOfWhatWasTakenBackTheVersionAlone) {
  AppliedAllocation allocation = begun_with_a_way_back(running_one());
  allocation.before.reset();
  record_outcome(allocation, taken_back(OutcomeKind::kSucceeded), CommitId("c"));
  EXPECT_TRUE(allocation.running);
  EXPECT_EQ(allocation.version, "1.0.0");
  EXPECT_EQ(allocation.files, nullptr);
}

}  // namespace
}  // namespace maand
