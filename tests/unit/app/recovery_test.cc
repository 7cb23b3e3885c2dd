// A store that was lost, and workers that were wiped or swapped: what the loop does about them
// (R3.5, R7.3).
#include <gtest/gtest.h>

#include "tests/unit/app/recovery_world.h"

namespace maand::testing {
namespace {

const AllocationKey kApi1{JobName("api"), WorkerHost("w1")};

TEST(Recovery, ALostStoreIsRebuiltAndNothingRunsAgain_R7_3) {
  LoopWorld before;
  before.source.commit(two_jobs());
  before.pass();
  ASSERT_EQ(before.runner.runs.size(), 4u);

  Fresh world(before);
  world.pass();
  EXPECT_EQ(authority(world), "recovering");
  EXPECT_FALSE(world.board.health().ready);
  EXPECT_EQ(world.journal.state().allocations.size(), 4u);
  EXPECT_EQ(world.journal.state().find(kApi1)->version, "1.0.0");
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{}) << "until somebody claims them, no worker is touched";

  EXPECT_EQ(world.desk.recovery().takeover("the disk died", "ann").kind, ControlReply::Kind::kDone);
  world.pass();
  EXPECT_EQ(authority(world), "ours");
  EXPECT_EQ(world.state(), "applied");
  EXPECT_TRUE(world.board.health().ready);
  EXPECT_EQ(world.journal.state().epoch, 2u);
  EXPECT_EQ(world.runner.runs, Runs{}) << "the commit is the same, so no target runs";
  EXPECT_EQ(world.store.audits(1).at(0).actor, "ann");

  world.source.commit(two_jobs("1.1.0"));
  world.pass();
  EXPECT_EQ(world.runner.runs, (Runs{"restart api@w1 1.0.0→1.1.0", "restart api@w2 1.0.0→1.1.0"}));
}

TEST(Recovery, ItIsRememberedAcrossARestartOfTheDaemon_R7_3) {
  LoopWorld before;
  before.source.commit(two_jobs());
  before.pass();
  Fresh world(before);
  world.pass();
  EXPECT_EQ(kept_authority(world.store).kind, Authority::Kind::kRecovering);
}

// R3.4: what was under way when the store was lost is asked for, not begun again.
TEST(Recovery, AnOperationWhoseAnswerWasLostWithTheStoreIsSettled_R3_4) {
  LoopWorld before;
  before.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  before.runner.lose_answer = {kApi1};
  before.pass();
  before.runner.workers[WorkerHost("w1")].jobs[JobName("api")].outcome.reset();
  Fresh world(before);
  world.desk.recovery().takeover("", "ann");
  world.runner.hold(false);
  world.pass();
  // The fake of this test has no receipt of it, so that it is sealed and begun once.
  EXPECT_EQ(world.runner.runs, Runs{"start api@w1 0.0.0→1.0.0"});
  EXPECT_EQ(world.state(), "applied");
}

TEST(Recovery, AFailedRolloutIsNotTriedAgainUnasked_R2_6) {
  LoopWorld before;
  before.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  before.pass();
  before.source.commit(LoopWorld::workspace(1, {{"api", "2.0.0"}}));
  before.runner.on_run = [](const Operation&) {
    return Outcome{.kind = OutcomeKind::kFailed, .exit_status = 2};
  };
  before.pass();
  Fresh world(before);
  world.desk.recovery().takeover("", "ann");
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{});
  EXPECT_EQ(world.state(), "held");
}

TEST(Recovery, ANewBucketIsNoRecovery) {
  LoopWorld world;
  world.source.commit(two_jobs());
  world.pass();
  EXPECT_EQ(authority(world), "ours");
  EXPECT_EQ(world.state(), "applied");
}

TEST(Recovery, AutomaticClaimsOnceEveryListedWorkerHasAnswered_R7_3) {
  LoopWorld before;
  before.source.commit(two_jobs());
  before.pass();
  PassSettings settings = LoopWorld::usual();
  settings.automatic_recovery = true;
  Fresh world(before, settings);
  world.runner.dead = {WorkerHost("w2")};
  world.pass();
  EXPECT_EQ(authority(world), "recovering") << "w2 has not answered";
  world.runner.dead.clear();
  world.pass();
  EXPECT_EQ(authority(world), "ours");
  EXPECT_EQ(world.runner.runs, Runs{});
  EXPECT_EQ(world.state(), "applied");
  EXPECT_EQ(world.store.audits(1).at(0).actor, "maand");
}

// What lies there is not known, so nothing is begun; it is neither a loss nor a failure.
TEST(Recovery, AWorkerThatDidNotAnswerIsReadBeforeAnythingIsDoneThere_R3_9) {
  LoopWorld before;
  before.source.commit(two_jobs());
  before.pass();
  Fresh world(before);
  world.runner.dead = {WorkerHost("w2")};
  world.desk.recovery().takeover("", "ann");
  world.pass();
  EXPECT_EQ(authority(world), "ours");
  EXPECT_EQ(world.runner.runs, Runs{});
  EXPECT_EQ(world.state(), "degraded");
  world.runner.dead.clear();
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{}) << "w2 told what it has";
  EXPECT_EQ(world.state(), "applied");
}

TEST(Marker, AWipedWorkerWaitsForAWordAndTheOthersGoOn_R3_5) {
  LoopWorld world;
  world.source.commit(two_jobs("1.0.0", 5));
  world.pass();
  world.runner.workers[WorkerHost("w1")] = {};
  world.source.commit(two_jobs("1.1.0", 5));
  world.runner.runs.clear();
  world.pass();
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 4u);
  EXPECT_EQ(world.state(), "degraded");
  EXPECT_EQ(world.reconciler.memory().set_aside.at(WorkerHost("w1")).condition,
            WorkerCondition::kWorkerStateMissing);

  EXPECT_EQ(world.desk.recovery().worker("reset", "w1", "ann").kind, ControlReply::Kind::kDone);
  world.runner.runs.clear();
  world.pass();
  EXPECT_EQ(world.runner.runs, (Runs{"start api@w1 0.0.0→1.1.0", "start db@w1 0.0.0→1.0.0"}));
  EXPECT_EQ(world.state(), "applied");
}

// Its own records say what runs there, so that a word given by mistake runs nothing twice.
TEST(Marker, AResetOfAWorkerThatWasNeverWipedStartsNothingAgain_R3_5) {
  for (const int workers : {1, 2}) {
    LoopWorld world;
    world.source.commit(LoopWorld::workspace(workers, {{"api", "1.0.0"}, {"db", "1.0.0"}}));
    world.pass();
    world.runner.runs.clear();
    EXPECT_EQ(world.desk.recovery().worker("reset", "w1", "ann").kind, ControlReply::Kind::kDone);
    world.pass();
    EXPECT_EQ(world.runner.runs, Runs{});
    EXPECT_EQ(authority(world), "ours");
    EXPECT_EQ(world.state(), "applied");
    world.source.commit(LoopWorld::workspace(workers, {{"api", "1.1.0"}, {"db", "1.0.0"}}));
    world.pass();
    EXPECT_EQ(world.runner.runs.size(), static_cast<std::size_t>(workers)) << "of api, as before";
    EXPECT_EQ(world.runner.runs.front(), "restart api@w1 1.0.0→1.1.0");
  }
}

TEST(Marker, AResetThatComesBeforeTheLossWasSeenDeploysAnew_R3_5) {
  LoopWorld world;
  world.source.commit(two_jobs());
  world.pass();
  world.runner.workers[WorkerHost("w1")] = {};
  world.runner.runs.clear();
  world.desk.recovery().worker("reset", "w1", "ann");
  world.pass();
  EXPECT_EQ(world.runner.runs, (Runs{"start api@w1 0.0.0→1.0.0", "start db@w1 0.0.0→1.0.0"}));
  EXPECT_EQ(world.state(), "applied");
}

TEST(Marker, AResetOfAWorkerThatDoesNotAnswerBeginsNothingUntilItDoes_R3_9) {
  LoopWorld world;
  world.source.commit(two_jobs());
  world.pass();
  world.runner.runs.clear();
  world.runner.dead = {WorkerHost("w1")};
  world.desk.recovery().worker("reset", "w1", "ann");
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{});
  world.runner.dead.clear();
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{}) << "it kept what it had";
  EXPECT_EQ(world.state(), "applied");
}

TEST(Marker, AnotherMarkerIsAnotherMachine_R3_5) {
  LoopWorld world;
  world.source.commit(two_jobs("1.0.0", 5));
  world.pass();
  world.runner.workers[WorkerHost("w1")].instance = "another";
  world.source.commit(two_jobs("1.1.0", 5));
  world.pass();
  EXPECT_EQ(world.reconciler.memory().set_aside.at(WorkerHost("w1")).condition,
            WorkerCondition::kWorkerStateMissing);
  world.runner.runs.clear();
  world.desk.recovery().worker("trust", "w1", "ann");
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{"restart api@w1 1.0.0→1.1.0"}) << "what is on record counts";
  EXPECT_EQ(world.journal.state().workers.at(WorkerHost("w1")).instance, "another");
  EXPECT_FALSE(world.journal.state().workers.at(WorkerHost("w1")).adopt_marker) << "once";
}

TEST(Marker, SwappedWorkersAreNotTouched_R3_5) {
  LoopWorld world;
  world.source.commit(two_jobs());
  world.pass();
  std::swap(world.runner.workers[WorkerHost("w1")], world.runner.workers[WorkerHost("w2")]);
  world.runner.runs.clear();
  world.source.commit(two_jobs("1.1.0"));
  world.pass();
  EXPECT_EQ(world.runner.runs, Runs{});
  for (const auto& [host, contact] : world.reconciler.memory().set_aside) {
    EXPECT_NE(contact.condition, WorkerCondition::kNone) << host.str();
  }
}

}  // namespace
}  // namespace maand::testing
