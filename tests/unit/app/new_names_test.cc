// Hosts and jobs that go on under another name, and workers that left and are out of
// reach (R3.6, R3.9, R3.10): what the loop does about them.
#include <gtest/gtest.h>

#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using Runs = std::vector<std::string>;

const AllocationKey kApi1{JobName("api"), WorkerHost("w1")};

// R3.6: the same machine under another name.
TEST(NewNames, AWorkerThatWasAnotherHostTakesItsAllocationsOver_R3_6) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world.pass();
  world.runner.runs.clear();
  FakeFileView view = LoopWorld::workspace(1, {{"api", "1.0.0"}});
  view.file("workspace/workers.json", R"([{"host": "new", "was": "w1"}])");
  // It is the same machine: what w1 keeps is what `new` keeps.
  world.runner.workers[WorkerHost("new")] = world.runner.workers[WorkerHost("w1")];
  world.source.commit(view);
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{}) << "no target runs for a name";
  EXPECT_EQ(world.state(), "applied");
  EXPECT_EQ(world.journal.state().allocations.size(), 1u);
  EXPECT_EQ(world.journal.state().allocations.begin()->first.worker, WorkerHost("new"));

  view.file("workspace/jobs/api/manifest.json", R"({"version": "1.1.0", "selectors": ["worker"]})");
  world.source.commit(view);
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{"restart api@new 1.0.0→1.1.0"});
  EXPECT_EQ(world.runner.workers[WorkerHost("new")].marked, WorkerHost("new"));
}

TEST(NewNames, ARenamedJobIsRestartedOnceWithItsVersion) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"old", "1.0.0"}}));
  world.pass();
  world.runner.runs.clear();
  FakeFileView view = LoopWorld::workspace(1, {{"fresh", "1.1.0"}});
  view.file("workspace/jobs/fresh/manifest.json",
            R"({"version": "1.1.0", "selectors": ["worker"], "renamed_from": "old"})");
  std::vector<std::string> moved;
  world.runner.on_run = [&](const Operation& operation) {
    moved.push_back(operation.moved_from.str());
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world.source.commit(view);
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{"restart fresh@w1 1.0.0→1.1.0"});
  EXPECT_EQ(moved, std::vector<std::string>{"old"});
  EXPECT_EQ(world.state(), "applied");
  EXPECT_EQ(world.journal.state().allocations.size(), 1u);
  EXPECT_TRUE(world.journal.state().allocations.begin()->second.moved_from.empty());
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 1u);
}

TEST(NewNames, ARenameThatIsCutAnywhereHappensOnce) {
  for (int cut = 0;; ++cut) {
    LoopWorld world;
    world.source.commit(LoopWorld::workspace(1, {{"old", "1.0.0"}}));
    world.pass();
    world.runner.runs.clear();
    FakeFileView view = LoopWorld::workspace(1, {{"fresh", "1.0.0"}});
    view.file("workspace/jobs/fresh/manifest.json",
              R"({"version": "1.0.0", "selectors": ["worker"], "renamed_from": "old"})");
    world.source.commit(view);
    int writes = 0;
    bool died = false;
    world.store.before_write = [&](const std::string&) {
      if (writes++ != cut) return;
      died = true;
      throw StoreError("the daemon ends here");
    };
    world.pass();
    world.store.before_write = nullptr;
    world.journal.reload();
    world.pass();
    world.pass();
    EXPECT_EQ(world.runner.runs, Runs{"restart fresh@w1 1.0.0→1.0.0"}) << cut;
    EXPECT_EQ(world.state(), "applied") << cut;
    EXPECT_EQ(world.journal.state().allocations.size(), 1u) << cut;
    if (!died) break;
    ASSERT_LT(cut, 200);
  }
}

TEST(GoneWorkers, OneThatLeftAndCannotBeReachedIsAbandonedAfterAWhile_R3_9) {
  PassSettings settings = LoopWorld::usual();
  settings.gone.removal_grace = std::chrono::milliseconds(0);
  LoopWorld world(settings);
  world.source.commit(LoopWorld::workspace(2, {{"api", "1.0.0"}}));
  world.pass();
  world.runner.dead = {WorkerHost("w2")};
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world.pass();
  EXPECT_EQ(world.state(), "degraded");
  EXPECT_TRUE(world.pass().converged);
  EXPECT_EQ(world.state(), "applied") << "told of, and no trouble of every pass any more";
  EXPECT_NE(world.board.status_json().find("\"Abandoned\""), std::string::npos);
  EXPECT_NE(world.board.metrics_text().find("maand_allocations_abandoned 1"), std::string::npos);
  const int contacts = world.runner.contacts;
  world.pass();
  EXPECT_EQ(world.runner.contacts, contacts) << "tried at drift intervals only";

  EXPECT_EQ(world.desk.recovery().worker("forget", "w1", "ann").kind, ControlReply::Kind::kRefused);
  EXPECT_EQ(world.desk.recovery().worker("forget", "w2", "ann").kind, ControlReply::Kind::kDone);
  world.pass();
  EXPECT_EQ(world.journal.state().allocations.size(), 1u);
  EXPECT_EQ(world.board.status_json().find("\"Abandoned\""), std::string::npos);

  // Listed again: its own records are read first, and it runs what is wanted already.
  world.runner.dead.clear();
  world.runner.runs.clear();
  world.source.commit(LoopWorld::workspace(2, {{"api", "1.0.0"}}));
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{});
  EXPECT_EQ(world.state(), "applied");
}

TEST(GoneWorkers, OneThatComesBackIsTidiedUp_R3_9) {
  PassSettings settings = LoopWorld::usual();
  settings.gone = {std::chrono::milliseconds(0), std::chrono::milliseconds(0)};
  LoopWorld world(settings);
  world.source.commit(LoopWorld::workspace(2, {{"api", "1.0.0"}}));
  world.pass();
  world.runner.dead = {WorkerHost("w2")};
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world.pass();
  world.pass();
  ASSERT_EQ(world.state(), "applied");
  world.runner.dead.clear();
  world.runner.runs.clear();
  world.pass();
  EXPECT_EQ(world.runner.runs, (Runs{"stop api@w2 1.0.0→1.0.0", "remove api@w2 1.0.0→1.0.0"}));
  EXPECT_EQ(world.journal.state().workers.count(WorkerHost("w2")), 0u);
}

TEST(Forget, AnAllocationThatLeftAndCannotBeStoppedIsForgotten_R3_10) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}, {"db", "1.0.0"}}));
  world.pass();
  world.runner.on_run = [](const Operation&) {
    return Outcome{.kind = OutcomeKind::kFailed, .exit_status = 2};
  };
  world.source.commit(LoopWorld::workspace(1, {{"db", "1.0.0"}}));
  world.pass();
  ASSERT_TRUE(world.journal.state().find(kApi1)->stop_failed);
  EXPECT_EQ(world.desk.recovery().forget("db@w1", "ann").kind, ControlReply::Kind::kRefused);
  EXPECT_EQ(world.desk.recovery().forget("no@w1", "ann").kind, ControlReply::Kind::kUnknownSubject);
  EXPECT_EQ(world.desk.recovery().forget("api@w1", "ann").kind, ControlReply::Kind::kDone);
  world.pass();
  EXPECT_EQ(world.state(), "applied");
  EXPECT_EQ(world.journal.state().allocations.size(), 1u);
}

}  // namespace
}  // namespace maand::testing
