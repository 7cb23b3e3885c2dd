// Intent before a worker is touched, fact after, and memory never ahead of the store.
#include "reconciler/app/journal.h"

#include <gtest/gtest.h>

#include "reconciler/app/system_clock.h"
#include "tests/support/fake_store.h"

namespace maand {
namespace {

const SystemClock kClock;
const AllocationKey kKey{JobName("api"), WorkerHost("w1")};

Journal::Intent start() {
  Journal::Intent intent;
  intent.operation.allocation = kKey;
  intent.operation.action = Action::kStart;
  intent.operation.files = make_file_set({{.path = "Makefile", .content = sha256("x")}});
  intent.operation.new_version = "1.0.0";
  intent.tree = TreeId("tree");
  intent.head = CommitId("head");
  return intent;
}

TEST(Journal, AnIntentIsDurableBeforeAnybodySeesItsOperation_R3_4) {
  FakeStore store;
  Journal journal(store, kClock);
  const Operation operation = journal.begin({start()}).at(0);
  store.crash();
  const AppliedState state = store.load();
  ASSERT_TRUE(state.find(kKey) && state.find(kKey)->open);
  EXPECT_EQ(state.find(kKey)->open->id, operation.id);
  EXPECT_EQ(state.last_seq, operation.seq);
}

TEST(Journal, EveryOperationHasItsOwnIdAndAHigherNumber) {
  FakeStore store;
  Journal journal(store, kClock);
  const Operation first = journal.begin({start()}).at(0);
  journal.settle(kKey, {.kind = OutcomeKind::kSucceeded}, CommitId("head"));
  const Operation second = journal.begin({start()}).at(0);
  EXPECT_NE(first.id, second.id);
  EXPECT_LT(first.seq, second.seq);
  EXPECT_EQ(first.id.str().size(), 32u);
}

// What a job had under another name its worker does not keep.
TEST(Journal, WhatComesWithANewNameHasNoWayBackAndIsNotToBeConfirmed_R2_9) {
  FakeStore store;
  Journal journal(store, kClock);
  Journal::Intent intent = start();
  intent.operation.confirm = Seconds(60);
  EXPECT_EQ(journal.begin({intent}).at(0).confirm, Seconds(60));
  journal.settle(kKey, {.kind = OutcomeKind::kSucceeded}, CommitId("head"));
  AppliedAllocation renamed = *journal.state().find(kKey);
  renamed.moved_from = JobName("old");
  journal.replace({renamed}, {});
  const Operation operation = journal.begin({intent}).at(0);
  EXPECT_EQ(operation.moved_from, JobName("old"));
  EXPECT_EQ(operation.confirm, Seconds(0));
}

TEST(Journal, AConfirmedOperationKeepsItsTime) {
  FakeStore store;
  Journal journal(store, kClock);
  journal.begin({start()});
  journal.settle(kKey, {.kind = OutcomeKind::kSucceeded}, CommitId("head"));
  const WallTime confirmed = journal.state().find(kKey)->confirmed_at;
  EXPECT_NE(confirmed, WallTime{});
  journal.begin({start()});
  journal.settle(kKey, {.kind = OutcomeKind::kFailed}, CommitId("head"));
  EXPECT_EQ(journal.state().find(kKey)->confirmed_at, confirmed) << "it is still the confirmed one's";
}

TEST(Journal, ALostStoreDoesNotStartItsNumbersAnew) {
  FakeStore before;
  Journal first(before, kClock);
  const Operation old = first.begin({start()}).at(0);
  FakeStore fresh;
  Journal second(fresh, kClock);
  EXPECT_GE(second.begin({start()}).at(0).seq, old.seq);
}

TEST(Journal, WhatCannotBeStoredIsNotBegun_R7_4) {
  FakeStore store;
  Journal journal(store, kClock);
  store.fail_next(FakeStore::Fail::kBeforeWrite);
  EXPECT_THROW(journal.begin({start()}), StoreError);
  EXPECT_EQ(journal.state().find(kKey), nullptr);
}

TEST(Journal, AFactThatCannotBeStoredLeavesTheOperationOpen) {
  FakeStore store;
  Journal journal(store, kClock);
  journal.begin({start()});
  store.fail_next(FakeStore::Fail::kBeforeWrite);
  EXPECT_THROW(journal.settle(kKey, {.kind = OutcomeKind::kSucceeded}, CommitId("head")), StoreError);
  EXPECT_TRUE(journal.state().find(kKey)->open);
}

TEST(Journal, AFirstOperationThatNeverBeganLeavesNothing) {
  for (const OutcomeKind kind : {OutcomeKind::kNever, OutcomeKind::kCondition}) {
    FakeStore store;
    Journal journal(store, kClock);
    journal.begin({start()});
    journal.settle(kKey, {.kind = kind}, CommitId("head"));
    EXPECT_EQ(journal.state().find(kKey), nullptr);
    EXPECT_EQ(store.load().find(kKey), nullptr);
  }
}

TEST(Journal, AnUnknownEndStaysOpen) {
  FakeStore store;
  Journal journal(store, kClock);
  journal.begin({start()});
  journal.settle(kKey, {.kind = OutcomeKind::kUnknown}, CommitId("head"));
  EXPECT_TRUE(journal.state().find(kKey)->open);
}

TEST(Journal, WhatIsConfirmedIsRememberedAndKeptUntilTheRolloutIsThrough_R5_2) {
  FakeStore store;
  Journal journal(store, kClock);
  const auto roll = [&](const char* version, const char* tree, OutcomeKind kind) {
    Journal::Intent intent = start();
    intent.operation.action = Action::kRestart;
    intent.operation.new_version = version;
    intent.operation.files = make_file_set({{.path = "conf", .content = sha256(version)}});
    intent.tree = TreeId(tree);
    intent.way_back = true;
    const Operation begun = journal.begin({intent}).at(0);
    journal.settle(kKey, {.kind = kind}, CommitId(version));
    return begun;
  };
  EXPECT_TRUE(roll("1", "t1", OutcomeKind::kSucceeded).keep.empty()) << "there was nothing";
  journal.prove(kKey.job, TreeId("t1"));
  EXPECT_FALSE(journal.state().find(kKey)->before);
  const Digest confirmed = journal.state().find(kKey)->files->list_id;
  EXPECT_EQ(roll("2", "t2", OutcomeKind::kFailed).keep, confirmed);
  journal.prove(kKey.job, TreeId("t2"));
  EXPECT_TRUE(journal.state().find(kKey)->before) << "what failed is not through";
  EXPECT_EQ(roll("3", "t3", OutcomeKind::kSucceeded).keep, confirmed) << "on top of what failed";
  EXPECT_EQ(store.load().find(kKey)->before->version, "1");
  journal.prove(kKey.job, TreeId("t3"));
  EXPECT_FALSE(store.load().find(kKey)->before);
}

// R7.3: what a worker may hold of an allocation, however much has begun elsewhere since.
TEST(Journal, AWorkerIsShownTheNewestOperationThatRanOnThisVeryAllocation) {
  FakeStore store;
  Journal journal(store, kClock);
  Journal::Intent elsewhere = start();
  elsewhere.operation.allocation.worker = WorkerHost("w2");
  const auto begin_and_end = [&](Journal::Intent intent, OutcomeKind kind) {
    const Operation operation = journal.begin({intent}).at(0);
    journal.settle(operation.allocation, {.kind = kind}, CommitId("head"));
    return operation;
  };
  begin_and_end(start(), OutcomeKind::kNever);
  const Operation first = begin_and_end(start(), OutcomeKind::kSucceeded);
  EXPECT_EQ(first.credentials.known_seq, 0u) << "nothing ran there yet";
  begin_and_end(elsewhere, OutcomeKind::kSucceeded);
  EXPECT_EQ(begin_and_end(start(), OutcomeKind::kCondition).credentials.known_seq, first.seq);
  EXPECT_EQ(begin_and_end(start(), OutcomeKind::kNever).credentials.known_seq, first.seq) << "it never ran";
  const Operation failed = begin_and_end(start(), OutcomeKind::kFailed);
  EXPECT_EQ(failed.credentials.known_seq, first.seq);
  Journal::Intent removal = start();
  removal.operation.action = Action::kRemove;
  const Operation removed = begin_and_end(removal, OutcomeKind::kSucceeded);
  EXPECT_EQ(removed.credentials.known_seq, failed.seq);
  ASSERT_EQ(journal.state().find(kKey), nullptr);
  EXPECT_EQ(begin_and_end(start(), OutcomeKind::kSucceeded).credentials.known_seq, removed.seq);
  journal.begin({start()});
  journal.forget(kKey);
  EXPECT_EQ(journal.state().ran_seq(kKey), journal.state().last_seq) << "it may have run";
  EXPECT_EQ(store.load().ran_seq(kKey), journal.state().last_seq);
  elsewhere.operation.allocation.worker = WorkerHost("w3");
  EXPECT_EQ(begin_and_end(elsewhere, OutcomeKind::kSucceeded).credentials.known_seq, 0u)
      << "what ran elsewhere says nothing of it";
  const std::uint64_t claimed = journal.state().last_seq + 7;
  journal.replace({}, {}, claimed);  // a takeover of workers that have nothing left
  EXPECT_EQ(store.load().claimed_seq, claimed);
  EXPECT_EQ(begin_and_end(start(), OutcomeKind::kSucceeded).credentials.known_seq, claimed);
}

TEST(Journal, RetryForgetsWhatFailedButNotThatGoingBackHasBegun_R5_2_R5_3) {
  for (const Rollback rollback : {Rollback::kDone, Rollback::kBegun}) {
    FakeStore store;
    Journal journal(store, kClock);
    JobRecord record;
    record.job = kKey.job;
    record.failed_keys.push_back({.tree = TreeId("earlier")});
    record.held_reason = "GateFailed";
    record.rollback = rollback;
    journal.put_job(record);
    journal.lift_holds(kKey.job);
    const bool begun = rollback == Rollback::kBegun;
    EXPECT_EQ(journal.state().jobs.at(kKey.job).failed_keys.empty(), !begun);
    EXPECT_EQ(journal.state().jobs.at(kKey.job).held_reason.empty(), !begun);
  }
}

TEST(Journal, RetryLiftsAHoldAndLetsAFailedStopBeTriedAgain) {
  FakeStore store;
  Journal journal(store, kClock);
  JobRecord record;
  record.job = kKey.job;
  record.held_reason = "TargetFailed";
  record.held_tree = TreeId("tree");
  journal.put_job(record);
  EXPECT_TRUE(journal.lift_holds(kKey.job));
  EXPECT_TRUE(journal.state().jobs.at(kKey.job).held_reason.empty());
  EXPECT_FALSE(journal.lift_holds(kKey.job));
}

}  // namespace
}  // namespace maand
