// Drift over the whole loop (R5.9), and what an operator stopped (R5.7).
#include <gtest/gtest.h>

#include "reconciler/core/views.h"
#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using namespace std::chrono_literals;
using Runs = std::vector<std::string>;

const AllocationKey kOn1{JobName("api"), WorkerHost("w1")};
const AllocationKey kOn2{JobName("api"), WorkerHost("w2")};

ReconcilerOptions looking(DriftMode mode) {
  ReconcilerOptions options;
  options.drift.mode = mode;
  options.drift.interval = 1h;
  options.jitter_seed = 1;
  return options;
}

// api on w1 and w2, applied.
class DriftWorld : public LoopWorld {
 public:
  explicit DriftWorld(DriftMode mode = DriftMode::kReport) : LoopWorld(usual(), looking(mode)) {
    commit("1.0.0");
    pass();
    runner.runs.clear();
    observer.events.clear();
  }
  CommitId commit(const std::string& version) {
    FakeFileView view = workspace(2, {{"api", version}});
    view.file("workspace/jobs/api/manifest.json",
              R"({"version": ")" + version + R"(", "selectors": ["worker"]})");
    view.file("workspace/jobs/api/app.ini", "a = 1");
    return source.commit(view);
  }
  void change(const AllocationKey& key, const std::string& path) {
    runner.seen[key] = {.deviations = {{JobSeen::Deviation::Kind::kChanged, path}}};
  }
  // One look at every worker that is followed.
  void look(DriftWatcher& watcher) {
    clock_.time += 2h;
    watcher.tick();
    serve();
  }
  void serve() {
    while (inbox.serve(Instant{})) {
    }
  }
  const AppliedAllocation& on(const AllocationKey& key) { return *journal.state().find(key); }

  // A watcher with a clock of its own beside the loop's, over the same journal.
  class SetClock : public Clock {
   public:
    Instant now() const override { return time; }
    WallTime wall() const override { return WallTime(time.time_since_epoch() + 480'000h); }
    Instant time = std::chrono::steady_clock::now();
  };
  std::unique_ptr<DriftWatcher> watcher(DriftMode mode) {
    DriftWatcherOptions options = looking(mode).drift;
    auto made = std::make_unique<DriftWatcher>(
        DriftWatcher::Deps{inbox, runner, journal, clock_, observer}, options, [this] { ++shown; },
        [this] { ++heals; });
    made->prepare();
    made->begin();
    made->follow(list());
    return made;
  }
  DriftList list() {
    DriftList out;
    for (const AllocationKey& key : {kOn1, kOn2}) {
      const AppliedAllocation& known = on(key);
      WorkerLook& at = out[key.worker];
      at.endpoint.host = key.worker;
      at.jobs = {{.job = key.job, .files = known.files, .operation = known.last_operation}};
    }
    return out;
  }
  SetClock clock_;
  int shown = 0;
  int heals = 0;
};

TEST(PassDrift, WhatIsFoundIsAStateThatIsToldOnce) {
  DriftWorld world;
  const auto watcher = world.watcher(DriftMode::kReport);
  world.look(*watcher);
  EXPECT_EQ(world.runner.looks.size(), 2u);
  EXPECT_EQ(world.observer.count(EventKind::kDriftChanged), 0u);

  world.change(kOn2, "app.ini");
  world.look(*watcher);
  world.store.calls.clear();
  world.look(*watcher);
  world.look(*watcher);
  EXPECT_TRUE(world.store.calls.empty()) << "the same again is not written";
  ASSERT_EQ(world.observer.count(EventKind::kDriftChanged), 1u);
  EXPECT_EQ(world.observer.events.front().reason, "Files");
  EXPECT_EQ(world.observer.events.front().text, "app.ini changed");
  EXPECT_EQ(drift_kind(world.store.load().find(kOn2)->drift), DriftKind::kFiles) << "it outlives the daemon";
  EXPECT_EQ(drift_kind(world.on(kOn1).drift), DriftKind::kNone);
  EXPECT_EQ(world.heals, 0);
  EXPECT_TRUE(world.pass().converged);
  EXPECT_EQ(world.state(), "applied") << "and it is no failure of what is applied";
  EXPECT_TRUE(world.runner.runs.empty());
  const std::string shown = world.board.allocations_json();
  EXPECT_NE(shown.find(R"("drift":{"kind":"Files","detail":"app.ini changed")"), std::string::npos) << shown;

  world.runner.seen.clear();
  world.look(*watcher);
  EXPECT_FALSE(world.on(kOn2).drift);
  EXPECT_EQ(world.observer.count(EventKind::kDriftChanged), 2u);
}

TEST(PassDrift, AWorkerThatDoesNotAnswerSaysNothing) {
  DriftWorld world;
  const auto watcher = world.watcher(DriftMode::kReport);
  world.change(kOn2, "app.ini");
  world.look(*watcher);
  world.runner.dead = {kOn2.worker};
  world.look(*watcher);
  EXPECT_EQ(drift_kind(world.on(kOn2).drift), DriftKind::kFiles) << "what was known stays";
  EXPECT_NE(watcher->prometheus().find(R"(result="not_answered"} 1)"), std::string::npos);
}

// R3.5: what answers is not what things were deployed to.
TEST(PassDrift, AWorkerThatIsAnotherMachineIsToldAsDrifted) {
  DriftWorld world(DriftMode::kHeal);
  const auto watcher = world.watcher(DriftMode::kHeal);
  world.runner.look_condition = {WorkerCondition::kWorkerStateMissing, ".maand/instance is gone"};
  world.look(*watcher);
  EXPECT_EQ(drift_kind(world.on(kOn1).drift), DriftKind::kOtherList);
  EXPECT_EQ(world.on(kOn1).drift->detail, "WorkerStateMissing: .maand/instance is gone");
  EXPECT_EQ(world.heals, 0) << "it is for `maand worker reset` or `trust`";
}

// What is not known to have landed is sent again as a whole, whatever list the worker says it has.
TEST(PassDrift, AHealingThatFailsIsNotRepeatedAndForgetsNothing) {
  DriftWorld world(DriftMode::kHeal);
  const auto watcher = world.watcher(DriftMode::kHeal);
  world.change(kOn2, "app.ini");
  world.look(*watcher);
  world.runner.on_run = [&](const Operation&) { return Outcome{.kind = OutcomeKind::kFailed}; };
  world.reconciler.run_once("heal");
  EXPECT_EQ(drift_kind(world.on(kOn2).drift), DriftKind::kFiles);
  const auto runs = world.runner.runs.size();
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), runs);
  world.journal.lift_holds(JobName("api"));  // maand retry
  bool whole = false;
  world.runner.on_run = [&](const Operation& operation) {
    whole = operation.base == nullptr;
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world.pass();
  EXPECT_TRUE(whole);
  EXPECT_EQ(drift_kind(world.on(kOn2).drift), DriftKind::kNone);
}

TEST(PassDrift, AnAnswerAboutWhatHasChangedMeanwhileCountsForNothing) {
  DriftWorld world;
  const auto watcher = world.watcher(DriftMode::kReport);
  world.change(kOn1, "app.ini");
  world.change(kOn2, "app.ini");
  world.runner.hold(true);
  world.look(*watcher);
  world.runner.hold(false);
  const auto asked = world.runner.held();
  ASSERT_EQ(asked, 2u);
  world.commit("1.1.0");
  world.pass();
  world.runner.release_held();
  world.serve();
  EXPECT_FALSE(world.on(kOn1).drift);
  EXPECT_FALSE(world.on(kOn2).drift);
}

TEST(PassDrift, HealingShipsEverythingOnceAndIsNotRepeated) {
  DriftWorld world(DriftMode::kHeal);
  const auto watcher = world.watcher(DriftMode::kHeal);
  world.change(kOn2, "app.ini");
  world.look(*watcher);
  ASSERT_EQ(world.heals, 1);
  bool whole = false;
  world.runner.on_run = [&](const Operation& operation) {
    whole = operation.base == nullptr;
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world.reconciler.run_once("heal");
  EXPECT_EQ(world.runner.runs, Runs{"restart api@w2 1.0.0→1.0.0"});
  EXPECT_TRUE(whole) << "the difference of two lists would leave it";
  EXPECT_EQ(drift_kind(world.on(kOn2).drift), DriftKind::kNone);
  EXPECT_EQ(world.reconciler.memory().status->cause, "heal") << "R1.10";
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 1u);

  watcher->follow(world.list());
  world.look(*watcher);  // and it is changed again
  EXPECT_EQ(drift_kind(world.on(kOn2).drift), DriftKind::kFiles);
  EXPECT_EQ(world.heals, 1);
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 1u) << "told, and not healed in a loop";

  world.journal.lift_holds(JobName("api"));  // maand retry
  world.look(*watcher);
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 2u);
  EXPECT_EQ(world.reconciler.memory().status->cause, "heal") << "whatever woke it";
}

TEST(PassDrift, WhatAnotherModeOrderedIsNotCarriedOut) {
  DriftWorld world(DriftMode::kReport);
  world.journal.set_drifts({{kOn1, Drift{.kind = DriftKind::kFiles, .detail = "x", .heal = true}}});
  const auto telling = world.watcher(DriftMode::kReport);  // as a daemon with other settings begins
  world.pass();
  EXPECT_TRUE(world.runner.runs.empty());
  EXPECT_EQ(drift_kind(world.on(kOn1).drift), DriftKind::kFiles);

  DriftWorld off(DriftMode::kOff);
  off.journal.set_drifts({{kOn1, Drift{.kind = DriftKind::kFiles, .detail = "x", .heal = true}}});
  const auto watcher = off.watcher(DriftMode::kOff);
  EXPECT_FALSE(off.on(kOn1).drift) << "nobody would ever find that it is over";
  off.look(*watcher);
  EXPECT_TRUE(off.runner.looks.empty());
}

TEST(PassDrift, ARolloutOfWhatIsKnownToHaveDriftedSendsEverything) {
  DriftWorld world;
  const auto watcher = world.watcher(DriftMode::kReport);
  world.change(kOn2, "app.ini");
  world.look(*watcher);
  std::map<AllocationKey, bool> whole;
  world.runner.on_run = [&](const Operation& operation) {
    whole[operation.allocation] = operation.base == nullptr;
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world.commit("1.1.0");
  world.pass();
  EXPECT_FALSE(whole.at(kOn1));
  EXPECT_TRUE(whole.at(kOn2));
  EXPECT_FALSE(world.on(kOn2).drift);
}

// ---- R5.7 -----------------------------------------------------------------------------

class StoppedWorld : public DriftWorld {
 public:
  explicit StoppedWorld(DriftMode mode = DriftMode::kReport) : DriftWorld(mode) {}
  // As `job stop` does: the word goes with the operation.
  void stop(const AllocationKey& key, const StoppedBy& word) {
    Operation operation;
    operation.allocation = key;
    operation.action = Action::kStop;
    operation.endpoint = on(key).endpoint;
    operation.expect_marker = true;
    Journal::Intent intent{operation, on(key).tree, journal.state().head};
    intent.stopped_by = word;
    const Operation begun = journal.begin({intent}).at(0);
    Outcome outcome;
    runner.submit(begun, [&](Outcome told) { outcome = std::move(told); });
    ASSERT_EQ(outcome.kind, OutcomeKind::kSucceeded);
    journal.settle(key, outcome, journal.state().head);
    runner.runs.clear();
  }
  std::string plan_says(const AllocationKey& key) {
    for (const PlannedAction& action : reconciler.memory().plan.waiting) {
      if (action.key == key) return to_string(action.reason);
    }
    return "";
  }
};

const StoppedBy kAnn{"ann", "disk repair", WallTime(480'000h), {}};

TEST(StoppedByOperator, StaysStoppedThroughCommitsRestartsAndALostStore) {
  StoppedWorld world;
  world.stop(kOn2, kAnn);
  world.pass();
  EXPECT_TRUE(world.runner.runs.empty());
  EXPECT_EQ(world.plan_says(kOn2), "StoppedByOperator");
  EXPECT_EQ(world.state(), "applied") << "as an operator wants it";

  world.commit("1.1.0");
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{"restart api@w1 1.0.0→1.1.0"});
  world.journal.reload();  // as a new daemon reads it
  EXPECT_EQ(world.on(kOn2).stopped_by, kAnn);
  const std::string shown = view_of(world.on(kOn2)).stopped_by->actor;
  EXPECT_EQ(shown, "ann");

  Recalled told;
  world.runner.recall(world.on(kOn2).endpoint, {}, [&](Recalled recalled) { told = std::move(recalled); });
  ASSERT_EQ(told.jobs.size(), 1u);
  EXPECT_NE(told.jobs[0].record.find("disk repair"), std::string::npos) << "the worker keeps it as well";
}

TEST(StoppedByOperator, ALiftedWordStartsItAgain) {
  StoppedWorld world;
  world.stop(kOn2, kAnn);
  EXPECT_EQ(world.journal.lift_stops({kOn1, kOn2}), 1u);
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{"start api@w2 1.0.0→1.0.0"});
}

TEST(StoppedByOperator, AWordThatIsOverIsLifted) {
  StoppedWorld world;
  StoppedBy word = kAnn;
  word.until = WallTime(480'001h);
  world.stop(kOn2, word);
  EXPECT_EQ(world.journal.expire_stops(word.until - 1s), 0u);
  EXPECT_EQ(world.on(kOn2).stopped_by, word);
  EXPECT_EQ(world.journal.expire_stops(word.until), 1u);
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{"start api@w2 1.0.0→1.0.0"});
}

TEST(StoppedByOperator, IsNeitherLookedAtNorHealed) {
  StoppedWorld world(DriftMode::kHeal);
  const auto watcher = world.watcher(DriftMode::kHeal);
  world.change(kOn2, "app.ini");
  world.look(*watcher);
  ASSERT_TRUE(world.on(kOn2).drift->heal);
  world.stop(kOn2, kAnn);
  EXPECT_FALSE(world.on(kOn2).drift);
  world.look(*watcher);
  world.reconciler.run_once("heal");
  EXPECT_TRUE(world.runner.runs.empty());
}

// A stop that comes while a rollout goes on: what was planned before does not start it.
TEST(StoppedByOperator, WhatWasPlannedBeforeDoesNotStartIt) {
  StoppedWorld world;
  world.commit("1.1.0");
  world.observer.hook = [&](const Event& event) {
    if (event.kind != EventKind::kOperationBegun || event.worker != kOn1.worker) return;
    world.inbox.post([&] { world.journal.stop_for_operator({kOn2}, kAnn); });
  };
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{"restart api@w1 1.0.0→1.1.0"});
  EXPECT_EQ(world.on(kOn2).version, "1.0.0");
}

}  // namespace
}  // namespace maand::testing
