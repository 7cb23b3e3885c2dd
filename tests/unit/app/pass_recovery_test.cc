// What becomes of an operation whose daemon, answer or store was lost (R3.4, R7.4), and
// of the gate and the note that were owed for it.
#include <gtest/gtest.h>

#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using Runs = std::vector<std::string>;

TEST(PassRecovery, ALostAnswerIsSettledAndTheTargetIsNotRunAgain_R3_4) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world.runner.lose_answer = {{JobName("api"), WorkerHost("w1")}};
  EXPECT_FALSE(world.pass().converged);
  EXPECT_TRUE(world.journal.state().allocations.begin()->second.open);
  EXPECT_TRUE(world.pass().converged);
  EXPECT_EQ(world.runner.runs.size(), 1u);
  EXPECT_EQ(world.state(), "applied");
}

// A daemon that ended between a target and its gate leaves the gate to the next one.
TEST(PassRecovery, ATargetThatIsSettledOwesItsGate_R2_4) {
  for (const bool healthy : {true, false}) {
    LoopWorld world;
    const auto files = [](const std::string& version) {
      FakeFileView view = LoopWorld::workspace(1, {{"api", version}});
      view.file("workspace/jobs/api/manifest.json",
                R"({"version": ")" + version + R"(", "selectors": ["worker"],)" +
                    R"( "resources": {"ports": {"api_http": 8080}},)" +
                    R"( "health_check": {"checks": [{"type": "tcp", "port": "api_http"}],)" +
                    R"( "wait": {"attempts": 2, "interval_seconds": 0}}})");
      return view;
    };
    world.source.commit(files("1.0.0"));
    world.pass();
    ASSERT_EQ(world.state(), "applied");
    const AllocationKey key{JobName("api"), WorkerHost("w1")};
    EXPECT_EQ(world.journal.state().find(key)->health, Health::kHealthy);
    const CommitId second = world.source.commit(files("2.0.0"));
    world.runner.lose_answer = {key};
    if (!healthy) world.runner.unhealthy = {key};
    world.pass();  // the target ran, nobody knows
    world.pass();
    const Runs once = {"start api@w1 0.0.0→1.0.0", "restart api@w1 1.0.0→2.0.0", "sync api@w1 2.0.0→2.0.0"};
    EXPECT_EQ(world.runner.runs, once) << "no target runs again for the gate";
    EXPECT_EQ(world.state(), healthy ? "applied" : "held") << world.note(second);
    EXPECT_EQ(world.note(second).find("GateFailed") == std::string::npos, healthy) << world.note(second);
    EXPECT_EQ(world.journal.state().find(key)->health, healthy ? Health::kHealthy : Health::kUnhealthy);
    world.pass();
    EXPECT_EQ(world.state(), healthy ? "applied" : "held");
  }
}

// A hold is kept when a rollout is over. One that nobody lived to judge, or whose answer came
// late, has failed as well: its target is not tried again by itself.
TEST(PassRecovery, ATargetThatFailedWhileNobodyCouldJudgeItIsHeld_R2_6) {
  for (const bool answer_lost : {false, true}) {
    SCOPED_TRACE(answer_lost);
    LoopWorld world;
    world.source.commit(LoopWorld::workspace(2, {{"api", "1.0.0"}}));
    world.pass();
    const CommitId bad = world.source.commit(LoopWorld::workspace(2, {{"api", "2.0.0"}}));
    bool failed = false;
    world.runner.on_run = [&](const Operation&) {
      failed = true;
      return Outcome{.kind = OutcomeKind::kFailed, .exit_status = 2};
    };
    if (answer_lost) {
      world.runner.lose_answer = {{JobName("api"), WorkerHost("w1")}};
    } else {
      world.store.before_write = [&](const std::string& call) {
        if (failed && call.rfind("put_job", 0) == 0) throw StoreError("the daemon ends here");
      };
    }
    world.pass();
    EXPECT_EQ(world.runner.runs.size(), 3u);
    world.store.before_write = nullptr;
    world.pass();
    EXPECT_EQ(world.runner.runs.size(), 3u) << world.runner.runs.back();
    EXPECT_EQ(world.state(), "held");
    EXPECT_NE(world.note(bad).find("api@w1: restart failed"), std::string::npos) << world.note(bad);
    world.pass();
    EXPECT_EQ(world.runner.runs.size(), 3u);
    // An operator's word goes before it, also over the end of a daemon.
    world.desk.retry_here("api", "ann");
    world.runner.on_run = [](const Operation&) { return Outcome{.kind = OutcomeKind::kSucceeded}; };
    world.pass();
    EXPECT_EQ(world.state(), "applied");
  }
}

TEST(PassRecovery, AChangedFileThatNeverCameToItsWorkerComesLater_R1_10) {
  LoopWorld world;
  const auto files = [](const std::string& page) {
    return LoopWorld::workspace(1, {{"api", "1.0.0"}}).file("workspace/jobs/api/page.html", page);
  };
  world.source.commit(files("one"));
  world.pass();
  world.source.commit(files("two"));
  world.runner.dead = {WorkerHost("w1")};
  EXPECT_FALSE(world.pass().converged);
  world.runner.dead.clear();
  EXPECT_TRUE(world.pass().converged);
  EXPECT_EQ(world.runner.runs, (Runs{"start api@w1 0.0.0→1.0.0", "restart api@w1 1.0.0→1.0.0"}));
  EXPECT_EQ(world.state(), "applied");
}

TEST(PassRecovery, AnOperationThatNeverBeganIsBegunAsANewOne_R3_4) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world.runner.on_run = [](const Operation&) { return Outcome{.kind = OutcomeKind::kSucceeded}; };
  // The journal says begun, the worker never heard of it: as after a crash in between.
  AppliedAllocation torn;
  torn.key = {JobName("api"), WorkerHost("w1")};
  torn.open = Operation{.id = OperationId("lost"), .allocation = torn.key, .action = Action::kStart};
  world.store.begin({torn}, 1);
  world.journal.reload();
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{"start api@w1 0.0.0→1.0.0"});
  EXPECT_EQ(world.state(), "applied");
}

TEST(PassRecovery, NoWorkerIsTouchedWhileTheStoreCannotBeWritten_R7_4) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world.store.fail_all(FakeStore::Fail::kBeforeWrite);
  EXPECT_FALSE(world.pass().converged);
  EXPECT_TRUE(world.runner.runs.empty());
  EXPECT_FALSE(world.board.health().ready);
  world.store.heal();
  EXPECT_TRUE(world.pass().converged);
  EXPECT_EQ(world.runner.runs.size(), 1u);
  EXPECT_TRUE(world.board.health().ready);
}

TEST(PassRecovery, ARolloutThatWasBegunIsNotUndoneWhileTheRemoteIsDown_R1_3) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(2, {{"api", "1.0.0"}}));
  world.pass();
  world.source.commit(LoopWorld::workspace(2, {{"api", "1.1.0"}}));
  world.runner.on_run = [&](const Operation&) {
    world.store.before_write = [](const std::string& call) {
      if (call.rfind("settle", 0) != 0) throw StoreError("the daemon ends here");
    };
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world.pass();
  ASSERT_EQ(world.runner.runs.back(), "restart api@w1 1.0.0→1.1.0");
  world.store.before_write = nullptr;
  world.source.fail_remote(SourceProblem::kUnreachable, "no route", 9);
  Reconciler again({world.inbox, world.lane, world.source, world.notes, world.judge, world.runner,
                    world.store, world.journal, world.clock, world.observer, world.board},
                   LoopWorld::usual(), {});
  again.run_once("commit");
  EXPECT_EQ(world.runner.runs.back(), "restart api@w2 1.0.0→1.1.0");
  EXPECT_EQ(world.runner.runs.size(), 4u);
}

// Half of it may be there: what was applied before would undo that.
TEST(PassRecovery, AStartWithAHeadThatIsRefusedGoesOnFromWhatWasAcceptedLast_R1_3) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(2, {{"api", "1.0.0"}}));
  world.pass();
  world.runner.on_run = [](const Operation& operation) {
    const bool fails = operation.allocation.worker == WorkerHost("w2");
    return Outcome{.kind = fails ? OutcomeKind::kFailed : OutcomeKind::kSucceeded};
  };
  world.source.commit(LoopWorld::workspace(2, {{"api", "1.1.0"}, {"db", "1.0.0"}}));
  world.pass();
  ASSERT_EQ(world.state(), "held");
  const Runs before = world.runner.runs;
  world.source.commit(FakeFileView().file("workspace/workers.json", "[{"));
  Reconciler again({world.inbox, world.lane, world.source, world.notes, world.judge, world.runner,
                    world.store, world.journal, world.clock, world.observer, world.board},
                   LoopWorld::usual(), {});
  again.run_once("commit");
  ASSERT_EQ(again.memory().status->state, PassState::kRefused);
  EXPECT_EQ(world.runner.runs, before) << "nothing of the first commit comes back";
  again.run_once("commit");
  EXPECT_EQ(world.runner.runs, before);
}

TEST(PassRecovery, WhatADaemonDidAndCouldNotTellIsToldByTheNextOne_R4_3) {
  for (const bool newer : {false, true}) {
    LoopWorld world;
    const CommitId first = world.source.commit(LoopWorld::workspace(2, {{"api", "1.0.0"}}));
    world.store.before_write = [](const std::string& call) {
      if (call.rfind("put_note", 0) == 0) throw StoreError("the daemon ends here");
    };
    world.pass();
    EXPECT_EQ(world.runner.runs.size(), 2u);
    EXPECT_EQ(world.note(first), "");
    world.store.before_write = nullptr;
    CommitId head = first;
    if (newer)
      head = world.source.commit(LoopWorld::workspace(2, {{"api", "1.0.0"}}).file("README.md", "words"));
    world.pass();
    EXPECT_EQ(world.runner.runs.size(), 2u) << "what was confirmed does not run again";
    const std::string note = world.note(first);
    EXPECT_NE(note.find(newer ? "superseded · 2 started" : "applied · 2 started, 0 unchanged"),
              std::string::npos)
        << note;
    EXPECT_NE(note.find("api@w2"), std::string::npos) << note;
    EXPECT_NE(note.find("Settled"), std::string::npos) << note;
    if (newer) {
      EXPECT_NE(world.note(head).find("applied · 2 unchanged"), std::string::npos) << world.note(head);
    }
    world.pass();
    EXPECT_EQ(world.note(first), note) << "told once";
  }
}

}  // namespace
}  // namespace maand::testing
