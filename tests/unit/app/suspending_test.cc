// R5.5 in whole passes: what an operator suspends stops at the next allocation
// boundary, and goes on when it is resumed.
#include "reconciler/app/suspending.h"

#include <gtest/gtest.h>

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

TEST(Suspending, BadOrdersAreRefusedWithASentence) {
  LoopWorld world;
  upgrade(world);
  EXPECT_EQ(suspend(world, "apu"), Kind::kUnknownSubject);
  EXPECT_EQ(suspend(world, "api", "soon"), Kind::kRefused);
  EXPECT_EQ(suspend(world, "api", "0s"), Kind::kRefused);
  EXPECT_EQ(world.desk.suspend_here("api", "", "1h", "ann").kind, Kind::kRefused);
  EXPECT_EQ(world.desk.resume_here("api", "ann").kind, Kind::kUnknownSubject);
  suspend(world, "");
  EXPECT_NE(world.desk.resume_here("api", "ann").text.find("the whole bucket is"), std::string::npos);
  EXPECT_EQ(world.reconciler.memory().suspended.all().size(), 1u);
}

}  // namespace
}  // namespace maand::testing
