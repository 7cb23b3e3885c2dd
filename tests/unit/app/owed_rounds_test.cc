// after_allocation_started and _stopped of batches whose daemon died (R7.1): what is put down, what of it is
// owed by the next one, and that it comes before anything else of its job.
#include <gtest/gtest.h>

#include <functional>

#include "reconciler/app/owed_rounds.h"
#include "tests/unit/app/hooks_loop.h"

namespace maand::testing {
namespace {

const AllocationKey kOn2{JobName("api"), WorkerHost("w2")};

// ---- what of a batch is owed

TEST(OwedNow, IsOfWhomATargetOfTheBatchAndNothingSinceWasConfirmed) {
  struct Row {
    const char* name;
    HookEvent event;
    std::function<void(AppliedState&)> given;
    std::size_t due, left;
  };
  const auto on = [](AppliedState& state) -> AppliedAllocation& {
    AppliedAllocation& known = state.allocations[kOn1];
    known.key = kOn1;
    known.tree = TreeId("tree");
    known.last_operation = OperationId("new");
    known.last = LastResult::kConfirmed;
    known.last_target = Target::kRestart;
    known.running = true;
    return known;
  };
  const auto stopped = [&](AppliedState& state) -> AppliedAllocation& {
    AppliedAllocation& known = on(state);
    known.last_target = Target::kStop;
    known.running = false;
    return known;
  };
  const Row rows[] = {
      {"confirmed", HookEvent::kStarted, [&](AppliedState& s) { on(s); }, 1, 1},
      {"nothing began", HookEvent::kStarted,
       [&](AppliedState& s) { on(s).last_operation = OperationId("old"); }, 0, 0},
      {"it failed", HookEvent::kStarted, [&](AppliedState& s) { on(s).last = LastResult::kFailed; }, 0, 0},
      {"its end is not known", HookEvent::kStarted, [&](AppliedState& s) { on(s).open = Operation{}; }, 0, 1},
      {"it was put back since", HookEvent::kStarted, [&](AppliedState& s) { on(s).tree = TreeId("old"); }, 0,
       0},
      {"it was stopped since", HookEvent::kStarted, [&](AppliedState& s) { stopped(s); }, 0, 0},
      {"it is gone", HookEvent::kStarted, [](AppliedState&) {}, 0, 0},
      {"stopped", HookEvent::kStopped, [&](AppliedState& s) { stopped(s); }, 1, 1},
      {"stopped and removed", HookEvent::kStopped, [](AppliedState&) {}, 1, 1},
      {"a stop that failed", HookEvent::kStopped,
       [&](AppliedState& s) { stopped(s).last = LastResult::kFailed; }, 0, 0},
      {"started since it was stopped", HookEvent::kStopped, [&](AppliedState& s) { on(s); }, 0, 0},
  };
  for (const Row& row : rows) {
    OwedRound owed;
    owed.round.job = kOn1.job;
    owed.round.event = row.event;
    owed.round.members = {kOn1};
    owed.before[kOn1] = OperationId("old");
    owed.tree = TreeId("tree");
    std::vector<OwedRound> rounds = {owed};
    AppliedState state;
    row.given(state);
    EXPECT_EQ(owed_now(rounds, state).size(), row.due) << row.name;
    EXPECT_EQ(rounds.size(), row.left) << row.name;
  }
}

TEST(OwedRounds, AreThereForTheNextDaemonWithAllThatTheyAreToldOf) {
  FakeStore store;
  AppliedState applied;
  HookRound round;
  round.job = JobName("api");
  round.event = HookEvent::kStopped;
  round.members = {kOn1, kOn2};
  round.phase = "update";
  round.batch_index = 1;
  round.batch_count = 3;
  round.order = {kOn2, kOn1};
  round.order_from_kv = true;
  OwedRounds().put_down(store, round, TreeId("tree"), applied);
  OwedRounds next;
  const std::vector<HookRound> due = next.due(store, applied);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].members, round.members);
  EXPECT_STREQ(due[0].phase, "update");
  EXPECT_EQ(due[0].batch_index * 10 + due[0].batch_count, 13);
  EXPECT_EQ(due[0].order, round.order);
  EXPECT_TRUE(due[0].order_from_kv);
  HookRound first = round;
  first.members = {kOn1};
  next.settle(store, first);
  EXPECT_EQ(OwedRounds().due(store, applied).at(0).members, std::vector<AllocationKey>{kOn2});
  store.put_setting("rounds_owed", "{nonsense");
  EXPECT_TRUE(OwedRounds().due(store, applied).empty());
}

// Or what is owed would be overwritten with what is not.
TEST(OwedRounds, AStoreThatCannotBeReadTheFirstTimeIsReadTheSecond) {
  struct Blind : FakeStore {
    bool blind = false;
    std::optional<std::string> setting(const std::string& key) override {
      if (blind) throw StoreError("told to fail");
      return FakeStore::setting(key);
    }
  } store;
  HookRound round;
  round.job = JobName("api");
  round.event = HookEvent::kStopped;
  round.members = {kOn1};
  OwedRounds().put_down(store, round, TreeId("tree"), {});
  OwedRounds next;
  store.blind = true;
  EXPECT_THROW(next.due(store, {}), StoreError);
  store.blind = false;
  EXPECT_EQ(next.due(store, {}).size(), 1u);
}

// ---- over the whole loop

class RoundsWorld : public HooksWorld {
 public:
  RoundsWorld() {
    put("1");
    pass();
    note_all();
  }
  explicit RoundsWorld(const RoundsWorld& killed) {
    come_after(killed);
    note_all();
  }
  CommitId put(const std::string& version, const std::string& disabled = "{}") {
    FakeFileView view = workspace(2, {});
    const std::string base = "workspace/jobs/api/";
    view.file(base + "manifest.json",
              "{\"version\": \"" + version + R"(", "selectors": ["worker"], "commands": {
        "command_up": {"executed_on": ["after_allocation_started"]},
        "command_down": {"executed_on": ["after_allocation_stopped"]}}})");
    view.file(base + "Makefile", "start stop restart reload:\n\t@true\n");
    for (const char* name : {"command_up", "command_down"})
      view.file(base + "_modules/" + name + ".py", "print('hello')\n");
    view.file("workspace/disabled.json", disabled);
    return source.commit(view);
  }
  void die() { store.fail_all(FakeStore::Fail::kBeforeWrite); }
};

TEST(OwedRounds, OfABatchThatAKilledDaemonHadConfirmedComeFirst) {
  RoundsWorld world;
  world.store.after_write = [&](const std::string& call) {
    if (call.starts_with("settle api@w1") && !world.told.empty()) world.die();
  };
  world.put("2");
  world.pass();
  RoundsWorld next(world);
  next.pass();
  EXPECT_EQ(next.told,
            (Runs{"after_allocation_started api@w1", "restart api@w2", "after_allocation_started api@w2"}));
  const HookCall first = next.hooks.calls().front();
  for (const auto& [name, value] : first.environment) {
    if (name == "BATCH_INDEX") {
      EXPECT_EQ(value, "0");
    }
    if (name == "BATCH_COUNT") {
      EXPECT_EQ(value, "2");
    }
    if (name == "DEPLOY_PHASE") {
      EXPECT_EQ(value, "update");
    }
    if (name == "BATCH_ALLOCATIONS") {
      EXPECT_EQ(value, "w1");
    }
  }
  EXPECT_EQ(next.state(), "applied");
  next.told.clear();
  next.pass();
  EXPECT_EQ(next.told, Runs{});
}

TEST(OwedRounds, WhatHadRunBeforeTheKillDoesNotRunAgainAndWhatHadNotBegunIsNotOwed) {
  RoundsWorld world;
  world.store.after_write = [&](const std::string& call) {
    if (call == "put_setting rounds_owed" && !world.told.empty() &&
        world.told.back() == "after_allocation_started api@w1")
      world.die();
  };
  world.put("2");
  world.pass();
  RoundsWorld next(world);
  next.pass();
  EXPECT_EQ(next.told, (Runs{"restart api@w2", "after_allocation_started api@w2"}));

  RoundsWorld early;
  early.store.before_write = [&](const std::string& call) {
    if (call.starts_with("begin api@w1")) early.die();
  };
  early.put("2");
  early.pass();
  RoundsWorld after(early);
  after.pass();
  EXPECT_EQ(after.told, (Runs{"restart api@w1", "after_allocation_started api@w1", "restart api@w2",
                              "after_allocation_started api@w2"}));
}

TEST(OwedRounds, OfAStopAsWell) {
  RoundsWorld world;
  world.store.after_write = [&](const std::string& call) {
    if (call.starts_with("settle api@w2") && world.told == Runs{"stop api@w2"}) world.die();
  };
  world.put("1", R"({"workers": ["w2"]})");
  world.pass();
  ASSERT_FALSE(world.told.empty());
  EXPECT_EQ(world.told.front(), "stop api@w2");
  RoundsWorld next(world);
  next.pass();
  ASSERT_FALSE(next.told.empty());
  EXPECT_EQ(next.told.front(), "after_allocation_stopped api@w2");
  EXPECT_EQ(std::count(next.told.begin(), next.told.end(), "after_allocation_stopped api@w2"), 1);
}

TEST(OwedRounds, OneThatFailsHoldsItsJobAndTheRetryRunsItAndNoTarget) {
  RoundsWorld world;
  world.fail("after_allocation_started");
  world.put("2");
  world.pass();
  EXPECT_NE(world.detail_of("api").find("HookFailed"), std::string::npos) << world.detail_of("api");
  world.note_all();
  world.told.clear();
  world.pass();
  EXPECT_EQ(world.told, Runs{}) << "it is held";
  world.desk.retry_here("api", "ann");
  world.reconciler.run_once("operator");
  EXPECT_EQ(world.told,
            (Runs{"after_allocation_started api@w1", "restart api@w2", "after_allocation_started api@w2"}));
}

// There is nothing to hold it at, so that its commands are not known while it is held.
TEST(OwedRounds, OfAJobThatFailedWithItsFirstContentAreKeptWhileItIsHeld) {
  HooksWorld world;
  world.commit({{.commands = {{"command_up", "\"after_allocation_started\""}}}}, 2);
  world.fail("after_allocation_started");
  world.pass();
  world.note_all();
  world.told.clear();
  world.pass();
  EXPECT_EQ(world.told, Runs{}) << "it is held";
  world.desk.retry_here("api", "ann");
  world.reconciler.run_once("operator");
  EXPECT_EQ(world.told, (Runs{"after_allocation_started api@w1", "after_allocation_started api@w2"}));
}

}  // namespace
}  // namespace maand::testing
