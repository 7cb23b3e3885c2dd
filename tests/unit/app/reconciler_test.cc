// What makes the loop run a pass, and what ends it (R1.1, R7.1).
#include "reconciler/app/reconciler.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <utility>

#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

// Runs the loop. Between passes `look` is called again and again, with how many
// passes have ended that were asked for, until it says false.
void run_rounds(LoopWorld& world, const std::function<bool(std::uint64_t passes)>& look) {
  const Triggers& triggers = world.reconciler.triggers();
  const std::uint64_t first = triggers.served();
  std::function<void()> message = [&] {
    const std::uint64_t passes = triggers.served() - first;
    // While a pass runs, this is served by the pass. A loop that follows itself is left.
    const bool between = passes > 0 && triggers.served() == triggers.requested();
    if (passes < 20 && (!between || look(passes))) {
      world.inbox.post(message);
    } else {
      world.reconciler.stop();
    }
  };
  world.inbox.post(message);
  world.reconciler.run();
}

void put(LoopWorld& world, const std::string& value) {
  world.values.write({{ValueChange::Kind::kPut, "vars/job/api", "greeting", value}}, world.clock.wall());
}

TEST(Reconciler, AValueThatChangesWhileTheRemoteIsAwayMakesOnePassNotPassesForEver) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world.source.fail_remote(SourceProblem::kUnreachable, "no route to host", 1000);
  put(world, "hello");
  bool changed = false;
  int rounds = 0;
  std::uint64_t ended = 0;
  run_rounds(world, [&](std::uint64_t passes) {
    if (!std::exchange(changed, true)) put(world, "hello again");
    ended = passes;
    return passes < 2 || ++rounds < 100;
  });
  EXPECT_EQ(ended, 2u) << "0 or 1: passes followed each other without an end";
}

TEST(Reconciler, AChangedValueIsTheCauseOfItsPass) {
  LoopWorld world;
  FakeFileView files = LoopWorld::workspace(1, {{"api", "1.0.0"}});
  files.file("workspace/jobs/api/motd.tpl", R"({{ get "vars/job/api" "greeting" }})");
  world.source.commit(files);
  put(world, "hello");
  bool changed = false;
  run_rounds(world, [&](std::uint64_t passes) {
    if (!std::exchange(changed, true)) put(world, "hello again");
    return passes < 2;
  });
  const auto passes = world.store.passes(10);
  ASSERT_EQ(passes.size(), 2u);
  EXPECT_EQ(passes[0].cause, "value");
  EXPECT_EQ(passes[1].cause, "commit");
}

TEST(Reconciler, AnOrderDuringAPassMakesAnotherPass_R1_1) {
  for (const std::string cause : {"operator", "value"}) {
    LoopWorld world;
    world.source.commit(LoopWorld::workspace(2, {{"api", "1.0.0"}}));
    world.pass();
    world.source.commit(LoopWorld::workspace(2, {{"api", "2.0.0"}}));
    int targets = 0;
    world.runner.on_run = [&](const Operation&) {
      if (++targets == 1) world.reconciler.triggers().poke(cause);
      return Outcome{.kind = OutcomeKind::kSucceeded};
    };
    world.pass();
    EXPECT_EQ(targets, 2);
    EXPECT_EQ(world.reconciler.triggers().take(), cause);
  }
}

TEST(Reconciler, FinishLeavesTheLoopWithoutAnotherPassAndStopsNothing) {
  LoopWorld world;
  const CommitId commit = world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  // It is asked for while the first pass rolls out.
  world.runner.on_run = [&](const Operation&) {
    world.reconciler.finish();
    world.reconciler.poke("operator");
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world.reconciler.run();
  EXPECT_EQ(world.store.passes(10).size(), 1u);
  EXPECT_EQ(world.journal.state().applied, commit);
}

TEST(Reconciler, TheNumbersOfANewLoopAreHigherThanThoseOfTheOneBefore) {
  std::uint64_t asked = 0;
  {
    LoopWorld before;
    before.reconciler.triggers().poke("operator");
    asked = before.reconciler.triggers().requested();
  }
  // Its clock is the real one and a millisecond may not have passed.
  LoopWorld after;
  after.reconciler.triggers().poke("operator");
  EXPECT_GE(after.reconciler.triggers().requested(), asked);
}

}  // namespace
}  // namespace maand::testing
