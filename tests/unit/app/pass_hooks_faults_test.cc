// Hooks where a rollout is disturbed: by a newer commit, a takeover, a worker that is away. Each of these was
// found by the simulation first.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>

#include "tests/unit/app/hooks_loop.h"

namespace maand::testing {
namespace {

using Commands = std::vector<std::pair<std::string, std::string>>;

// Calls `then` in the inbox once `ready` holds, or the clock says that it never will.
void once(LoopWorld& world, std::function<bool()> ready, std::function<void()> then) {
  const Instant give_up = world.clock.now() + std::chrono::seconds(30);
  const auto look = std::make_shared<std::function<void()>>();
  *look = [&world, ready = std::move(ready), then = std::move(then), give_up, look] {
    if (!ready() && world.clock.now() < give_up) return world.inbox.post(*look);
    then();
    *look = nullptr;
  };
  world.inbox.post(*look);
}

bool is_accepted(LoopWorld& world, const CommitId& commit) {
  const Memory& memory = world.reconciler.memory();
  return memory.accepted && memory.accepted->info.id == commit;
}

TEST(HooksInTrouble, ARoundThatComesAfterANewerCommitTookOverIsThatOfItsOwnRollout) {
  HooksWorld world;
  const std::string health = R"(, "health_check": {"checks": [{"type": "ssh", "command": "true"}]})";
  world.hooks.on_run = [&](const HookCall& call, const Hooks::Output&) -> std::optional<HookResult> {
    world.told.push_back(std::string(to_string(call.event)) + " " + call.new_version);
    if (call.event != HookEvent::kStarted) return HookResult{.end = End::kDone};
    const CommitId newer = world.commit({{.version = "2"}}, 1);  // with no hooks at all
    world.reconciler.poke("commit");
    once(
        world, [&world, newer] { return is_accepted(world, newer); },
        [&world] { world.hooks.finish(world.hooks.running().front(), HookResult{.end = End::kDone}); });
    return std::nullopt;
  };
  world.commit(
      {{.commands = {{"command_after", "\"after_allocation_started\""}, {"command_well", "\"health_check\""}},
        .rest = health}},
      1);
  world.pass();
  EXPECT_EQ(world.told, (Runs{"after_allocation_started 1", "health_check 1"}));
  EXPECT_EQ(world.runner.runs.back(), "restart api@w1 1→2");
  EXPECT_EQ(world.state(), "applied");
}

TEST(HooksInTrouble, TwoNewerCommitsInARowStillBeginWithPreDeploy) {
  HooksWorld world;
  const Commands prepare = {{"command_seed", "\"pre_deploy\""}};
  world.commit({{.commands = prepare}}, 1);
  world.pass();
  world.note_all();
  world.runner.on_run = [&, first = true](const Operation& operation) mutable {
    world.told.push_back(std::string(to_string(operation.action)) + " " + operation.allocation.str());
    if (!std::exchange(first, false)) return Outcome{.kind = OutcomeKind::kSucceeded};
    world.runner.hold(true);
    const CommitId second =
        world.commit({{.version = "2", .commands = prepare}, {.name = "web", .version = "2"}}, 1);
    world.reconciler.poke("commit");
    once(
        world, [&world, second] { return is_accepted(world, second); },
        [&world, prepare] {
          const CommitId third =
              world.commit({{.version = "2", .commands = prepare}, {.name = "web", .version = "3"}}, 1);
          world.reconciler.poke("commit");
          once(
              world, [&world, third] { return is_accepted(world, third); },
              [&world] {
                world.runner.hold(false);
                world.runner.release_held();
              });
        });
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world.commit({{.commands = prepare}, {.name = "web"}}, 1);
  while (world.pass().again) {
  }
  EXPECT_EQ(world.told, (Runs{"start web@w1", "pre_deploy api@w1", "restart api@w1", "restart web@w1"}));
  EXPECT_EQ(world.state(), "applied");
}

TEST(HooksInTrouble, WhoeverTakesOverRunsPostBuildBeforeAnythingElse_R7_3) {
  const std::vector<Hooked> first = {{.commands = {{"command_judge", "\"post_build\""}}}};
  const std::vector<Hooked> second = {{.version = "2", .commands = {{"command_judge", "\"post_build\""}}}};
  HooksWorld before;
  before.commit(first, 1);
  before.pass();
  HooksWorld world;  // without its store
  world.source = before.source;
  world.runner.workers = before.runner.workers;
  world.note_all();
  world.commit(second, 1);
  world.pass();
  EXPECT_EQ(world.told, Runs{}) << "the workers are nobody's yet";

  world.fail("post_build");
  world.desk.recovery().takeover("a new disk", "ann");
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{}) << "of a commit whose post_build failed nothing counts";
  EXPECT_EQ(world.state(), "held");

  world.note_all();
  world.reconciler.run_once("operator");
  EXPECT_EQ(world.told, (Runs{"post_build api@w1", "restart api@w1"}));
  EXPECT_EQ(world.state(), "applied");
}

TEST(HooksInTrouble, PostDeployIsOwedUntilTheLastWorkerIsBack) {
  HooksWorld world;
  const Commands end = {{"command_end", "\"post_deploy\""}};
  world.commit({{.commands = end}}, 2);
  world.pass();
  world.note_all();
  world.runner.dead.insert(WorkerHost("w2"));
  world.commit({{.version = "2", .commands = end}}, 1);
  world.pass();
  EXPECT_EQ(world.told, Runs{"restart api@w1"}) << "it still has to leave w2";

  world.runner.dead.clear();
  world.pass();
  EXPECT_EQ(world.told, (Runs{"restart api@w1", "stop api@w2", "remove api@w2", "post_deploy api@w1"}));
  world.told.clear();
  world.pass();
  EXPECT_EQ(world.told, Runs{});
}

TEST(HooksInTrouble, APreDeployWhoseFailureCannotBePutDownIsNoneThatSucceeded) {
  HooksWorld world;
  world.commit({{.commands = {{"command_seed", "\"pre_deploy\""}}}}, 1);
  world.hooks.on_run = [&](const HookCall&, const Hooks::Output&) {
    world.store.fail_all(FakeStore::Fail::kBeforeWrite);
    return HookResult{.end = End::kFailed, .status = 3};
  };
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{});
  world.fail("pre_deploy");
  world.store.heal();
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{}) << "it fails again";
  EXPECT_EQ(world.state(), "held");
}

// The content is good on w1, so that the job is held at just what its hooks failed for.
TEST(HooksInTrouble, ANewPlaceOfContentThatIsGoodElsewhereIsNotBegunWithoutItsHooks) {
  HooksWorld world;
  const std::vector<Hooked> jobs = {{.commands = {{"command_seed", "\"pre_deploy\""}}}};
  world.commit(jobs, 1);
  world.pass();
  world.fail("pre_deploy");
  world.runner.runs.clear();
  world.commit(jobs, 2);
  world.pass();
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{});
  EXPECT_EQ(world.state(), "held");
  world.succeed();
  world.desk.retry_here("api", "ann");
  world.reconciler.run_once("operator");
  EXPECT_EQ(world.runner.runs, Runs{"start api@w2 0.0.0→1"});
  EXPECT_EQ(world.state(), "applied");
}

}  // namespace
}  // namespace maand::testing
