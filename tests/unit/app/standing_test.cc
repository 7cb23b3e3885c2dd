// R5.5 and R5.4 in whole passes: what an operator suspends or pins stops at the next
// allocation boundary, and goes on when it is resumed.
#include "reconciler/app/standing.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using Runs = std::vector<std::string>;
using Kind = ControlReply::Kind;

// Version 1 of both jobs runs on three workers, and version 2 is pushed.
void upgrade(LoopWorld& world) {
  world.source.commit(LoopWorld::workspace(3, {{"api", "1"}, {"web", "1"}}));
  world.pass();
  world.runner.runs.clear();
  world.source.commit(LoopWorld::workspace(3, {{"api", "2"}, {"web", "2"}}));
}

Kind suspend(LoopWorld& world, const std::string& job, const std::string& span = "1h") {
  return world.desk.suspend_here(job, "database work", span, "ann").kind;
}

std::size_t runs_of(const LoopWorld& world, const std::string& job) {
  std::size_t count = 0;
  for (const std::string& run : world.runner.runs) count += run.find(" " + job + "@") != std::string::npos;
  return count;
}

TEST(Suspending, WhatIsInFlightEndsAndNothingMoreOfTheJobBegins_R5_5) {
  LoopWorld world;
  upgrade(world);
  bool first = true;
  world.runner.on_run = [&](const Operation& operation) {
    if (operation.allocation.job == JobName("api") && std::exchange(first, false)) suspend(world, "api");
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world.pass();
  EXPECT_EQ(runs_of(world, "api"), 1u);
  EXPECT_EQ(runs_of(world, "web"), 3u) << "the others go on";
  EXPECT_EQ(world.state(), "held");
  const std::string note = world.note(world.journal.state().head);
  EXPECT_NE(note.find("Suspended"), std::string::npos) << note;
  EXPECT_NE(note.find("by ann until"), std::string::npos) << note;

  world.pass();
  EXPECT_EQ(runs_of(world, "api"), 1u) << "nor by a later pass";

  ASSERT_EQ(world.desk.resume_here("api", "bob").kind, Kind::kDone);
  world.pass();
  EXPECT_EQ(runs_of(world, "api"), 3u) << "each of them once";
  EXPECT_EQ(world.state(), "applied");
  const auto audits = world.store.audits(10);
  ASSERT_EQ(audits.size(), 2u);
  EXPECT_EQ(audits[1].action + " " + audits[1].subject + " by " + audits[1].actor, "suspend api by ann");
  EXPECT_EQ(audits[1].detail.rfind("database work (until ", 0), 0u);
  EXPECT_EQ(audits[0].action + " " + audits[0].subject + " by " + audits[0].actor, "resume api by bob");
}

TEST(Suspending, OfTheBucketKeepsEverythingFromBeginningWhateverIsPushed_R5_5) {
  LoopWorld world;
  upgrade(world);
  suspend(world, "");
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{});
  EXPECT_EQ(world.state(), "held");
  const CommitId third = world.source.commit(LoopWorld::workspace(3, {{"api", "3"}}));
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{});
  EXPECT_EQ(world.journal.state().head, third) << "judging goes on";
  EXPECT_NE(world.note(third).find("Suspended"), std::string::npos) << "and notes do";
  ASSERT_EQ(world.desk.resume_here("", "ann").kind, Kind::kDone);
  world.pass();
  EXPECT_EQ(runs_of(world, "api"), 3u);
  EXPECT_EQ(runs_of(world, "web"), 6u) << "stopped and removed";
}

TEST(Suspending, EndsByItselfAndPokes_R5_5) {
  LoopWorld world;
  upgrade(world);
  suspend(world, "api", "1ms");
  const WallTime now = world.clock.wall();
  while (world.clock.wall() - now < std::chrono::milliseconds(2)) continue;
  const std::uint64_t asked = world.reconciler.triggers().requested();
  world.pass();
  EXPECT_GT(world.reconciler.triggers().requested(), asked);
  EXPECT_EQ(runs_of(world, "api"), 3u);
  EXPECT_TRUE(kept_suspensions(world.store).all().empty());
}

TEST(Suspending, IsKeptInTheStoreAndOnlyThenTrue_R7_4) {
  LoopWorld world;
  upgrade(world);
  suspend(world, "api");
  ASSERT_NE(kept_suspensions(world.store).of(JobName("api")), nullptr);
  EXPECT_EQ(kept_suspensions(world.store).of(JobName("api"))->actor, "ann");
  world.store.put_setting("suspensions", "rubbish");
  EXPECT_THROW(kept_suspensions(world.store), StoreError) << "it must not go on by mistake";
}

// Both jobs at version 2 on two workers; the commit of version 1.
CommitId at_two(LoopWorld& world) {
  const CommitId one = world.source.commit(LoopWorld::workspace(2, {{"api", "1"}, {"web", "1"}}));
  world.pass();
  world.source.commit(LoopWorld::workspace(2, {{"api", "2"}, {"web", "2"}}));
  world.pass();
  world.runner.runs.clear();
  return one;
}

ControlReply roll_back(LoopWorld& world, const CommitId& to, const std::string& span = "") {
  return world.desk.rollback_here("api", to.str(), "2 is slow", span, "ann");
}

TEST(Pinning, BringsTheJobBackAndHoldsItThereWhateverIsPushed_R5_4) {
  LoopWorld world;
  const CommitId one = at_two(world);
  ASSERT_EQ(roll_back(world, one).kind, Kind::kDone);
  world.pass();
  EXPECT_EQ(world.runner.runs, (Runs{"restart api@w1 2→1", "restart api@w2 2→1"}));
  EXPECT_EQ(world.state(), "held") << "a rollback is no success";
  EXPECT_NE(world.note(world.journal.state().head).find("Pinned"), std::string::npos);

  world.runner.runs.clear();
  const CommitId three = world.source.commit(LoopWorld::workspace(2, {{"api", "3"}, {"web", "3"}}));
  world.pass();
  EXPECT_EQ(world.runner.runs, (Runs{"restart web@w1 2→3", "restart web@w2 2→3"}));
  EXPECT_EQ(world.state(), "held");
  EXPECT_NE(world.note(three).find("Pinned"), std::string::npos) << world.note(three);

  world.runner.runs.clear();
  ASSERT_EQ(world.desk.resume_here("api", "ann").kind, Kind::kDone);
  world.pass();
  EXPECT_EQ(world.runner.runs, (Runs{"restart api@w1 1→3", "restart api@w2 1→3"}));
  EXPECT_EQ(world.state(), "applied");
}

TEST(Pinning, StopsARolloutThatGoesOnAtTheNextAllocation_R5_4) {
  LoopWorld world;
  const CommitId one = at_two(world);
  world.source.commit(LoopWorld::workspace(2, {{"api", "3"}, {"web", "2"}}));
  bool first = true;
  world.runner.on_run = [&](const Operation&) {
    if (std::exchange(first, false)) roll_back(world, one);
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{"restart api@w1 2→3"});
  EXPECT_EQ(world.reconciler.triggers().take(), "operator") << "the pass that follows";
  world.pass();
  EXPECT_EQ(world.runner.runs, (Runs{"restart api@w1 2→3", "restart api@w1 3→1", "restart api@w2 2→1"}));
}

TEST(Pinning, ContentThatFailsIsNotTriedAgainByItself_R2_6) {
  LoopWorld world;
  const CommitId one = at_two(world);
  roll_back(world, one);
  world.runner.on_run = [](const Operation&) {
    return Outcome{.kind = OutcomeKind::kFailed, .exit_status = 2};
  };
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{"restart api@w1 2→1"});
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 1u) << "what it reached stays as it is";
  world.runner.on_run = [](const Operation&) { return Outcome{.kind = OutcomeKind::kSucceeded}; };
  ASSERT_EQ(world.desk.retry_here("api", "ann").kind, Kind::kDone);
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 3u);
}

TEST(Pinning, GoesBeforeTheRemovalOfTheJobAndSaysSo_R5_4) {
  LoopWorld world;
  const CommitId one = at_two(world);
  roll_back(world, one);
  world.pass();
  world.runner.runs.clear();
  const CommitId without = world.source.commit(LoopWorld::workspace(2, {{"web", "2"}}));
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{});
  EXPECT_EQ(world.state(), "held");
  EXPECT_NE(world.note(without).find("does not have it any more"), std::string::npos) << world.note(without);
  ASSERT_EQ(world.desk.resume_here("api", "ann").kind, Kind::kDone);
  world.pass();
  EXPECT_EQ(world.runner.runs,
            (Runs{"stop api@w1 1→1", "stop api@w2 1→1", "remove api@w1 1→1", "remove api@w2 1→1"}));
}

TEST(Pinning, KeepsItsCommitInTheMirrorForAsLongAsItHolds_R1_7) {
  LoopWorld world;
  const CommitId one = at_two(world);
  roll_back(world, one);
  world.pass();
  EXPECT_EQ(world.source.kept().at("api+pin"), one);
  world.desk.resume_here("api", "ann");
  world.pass();
  EXPECT_EQ(world.source.kept().count("api+pin"), 0u);
}

TEST(Pinning, AtACommitThatIsGoneHoldsItsJobAndNoOther_R1_6) {
  LoopWorld world;
  at_two(world);
  roll_back(world, CommitId(std::string(40, 'd')));
  world.source.commit(LoopWorld::workspace(2, {{"api", "3"}, {"web", "3"}}));
  world.pass();
  EXPECT_EQ(world.runner.runs, (Runs{"restart web@w1 2→3", "restart web@w2 2→3"}));
  EXPECT_EQ(world.state(), "held");
}

TEST(Pinning, AndASuspensionOfTheSameJobAreEndedOneByOne) {
  LoopWorld world;
  const CommitId one = at_two(world);
  roll_back(world, one);
  suspend(world, "api");
  EXPECT_NE(world.desk.resume_here("api", "ann").text.find("it is still pinned at"), std::string::npos);
  EXPECT_NE(world.reconciler.memory().pinned.of(JobName("api")), nullptr);
  EXPECT_NE(world.desk.resume_here("api", "ann").text.find("is no longer pinned"), std::string::npos);
  EXPECT_EQ(world.desk.resume_here("api", "ann").kind, Kind::kUnknownSubject);
}

TEST(Pinning, EndsByItself_R5_4) {
  LoopWorld world;
  const CommitId one = at_two(world);
  roll_back(world, one, "1ms");
  const WallTime now = world.clock.wall();
  while (world.clock.wall() - now < std::chrono::milliseconds(2)) continue;
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{});
  EXPECT_EQ(world.state(), "applied");
  EXPECT_TRUE(kept_pins(world.store).all().empty());
}

ControlReply pin_bucket(LoopWorld& world, const CommitId& commit, const std::string& span = "") {
  return world.desk.rollback_here("", commit.str(), "the freeze", span, "ann");
}

TEST(Pinning, TheBucketGoesToItsCommitWorkersAndAllAndStaysThere_R5_4) {
  LoopWorld world;
  const CommitId one = at_two(world);
  EXPECT_NE(pin_bucket(world, one).text.find("the bucket is pinned at " + one.str().substr(0, 12)),
            std::string::npos);
  world.pass();
  std::sort(world.runner.runs.begin(), world.runner.runs.end());
  EXPECT_EQ(world.runner.runs,
            (Runs{"restart api@w1 2→1", "restart api@w2 2→1", "restart web@w1 2→1", "restart web@w2 2→1"}));
  world.runner.runs.clear();
  const CommitId three =
      world.source.commit(LoopWorld::workspace(3, {{"api", "3"}, {"web", "3"}, {"zoo", "1"}}));
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{}) << "nor a new worker or job";
  EXPECT_EQ(world.state(), "held");
  EXPECT_NE(world.note(three).find("the bucket is pinned at"), std::string::npos) << world.note(three);
  ASSERT_EQ(world.desk.resume_here("", "ann").kind, Kind::kDone);
  world.pass();
  EXPECT_EQ(world.state(), "applied");
  EXPECT_NE(world.note(three).find("applied"), std::string::npos) << world.note(three);
}

TEST(Pinning, OfTheBucketSurvivesARestartOfTheDaemon_R5_4) {
  LoopWorld world;
  const CommitId one = at_two(world);
  pin_bucket(world, one);
  world.pass();
  world.runner.runs.clear();
  Reconciler again({world.inbox, world.lane, world.source, world.notes, world.judge, world.runner,
                    world.store, world.journal, world.clock, world.observer, world.board},
                   LoopWorld::usual(), {});
  world.source.commit(LoopWorld::workspace(2, {{"api", "3"}, {"web", "3"}}));
  again.run_once("commit");
  EXPECT_EQ(world.runner.runs, Runs{});
  EXPECT_EQ(world.source.kept().at("+pin"), one);
}

TEST(Pinning, OfTheBucketAtACommitThatIsGoneLeavesWhatIsAppliedAsItIs_R1_6) {
  LoopWorld world;
  at_two(world);
  pin_bucket(world, CommitId(std::string(40, 'd')));
  world.source.commit(LoopWorld::workspace(2, {{"api", "3"}, {"web", "3"}}));
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{});
  EXPECT_EQ(world.state(), "held");
}

TEST(Pinning, BadOrdersAreRefusedWithASentence) {
  LoopWorld world;
  const CommitId one = at_two(world);
  EXPECT_EQ(world.desk.rollback_here("apu", one.str(), "r", "", "ann").kind, Kind::kUnknownSubject);
  EXPECT_EQ(world.desk.rollback_here("api", one.str(), "", "", "ann").kind, Kind::kMalformed);
  EXPECT_EQ(roll_back(world, one, "soon").kind, Kind::kMalformed);
  EXPECT_TRUE(world.reconciler.memory().pinned.all().empty());
}

TEST(Suspending, BadOrdersAreRefusedWithASentence) {
  LoopWorld world;
  upgrade(world);
  EXPECT_EQ(suspend(world, "apu"), Kind::kUnknownSubject);
  EXPECT_EQ(suspend(world, "api", "soon"), Kind::kMalformed);
  EXPECT_EQ(suspend(world, "api", "0s"), Kind::kMalformed);
  for (const std::string& reason : {std::string(), std::string("  "), std::string("a\nb"),
                                    std::string("\033[31m"), std::string("\xff"), std::string(1001, 'x')}) {
    EXPECT_EQ(world.desk.suspend_here("api", reason, "1h", "ann").kind, Kind::kMalformed) << reason;
  }
  EXPECT_EQ(world.desk.resume_here("api", "ann").kind, Kind::kUnknownSubject);
  suspend(world, "");
  EXPECT_NE(world.desk.resume_here("api", "ann").text.find("the whole bucket is"), std::string::npos);
  EXPECT_EQ(world.reconciler.memory().suspended.all().size(), 1u);
}

}  // namespace
}  // namespace maand::testing
