// A second controller, and a store that was put back: who may write to workers, and what of them is
// believed (R3.12, R7.3).
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <tuple>

#include "tests/unit/app/recovery_world.h"

namespace maand::testing {
namespace {

const AllocationKey kApi1{JobName("api"), WorkerHost("w1")};

TEST(Fencing, TheOlderOfTwoControllersWritesToNobodyAnyMore_R3_12) {
  LoopWorld older;
  older.source.commit(two_jobs());
  older.pass();
  Fresh newer(older);
  newer.desk.recovery().takeover("a new machine", "ann");
  newer.pass();
  newer.source.commit(two_jobs("1.1.0"));
  newer.pass();
  ASSERT_EQ(newer.state(), "applied");

  // The older one wakes up, with a commit of its own to roll out.
  older.runner.workers = newer.runner.workers;
  older.runner.runs.clear();
  older.source.commit(two_jobs("1.2.0"));
  const PassResult result = older.pass();
  EXPECT_TRUE(result.again);
  EXPECT_EQ(authority(older), "fenced");
  older.pass();
  EXPECT_EQ(older.runner.runs, Runs{});
  EXPECT_EQ(older.state(), "held");
  EXPECT_FALSE(older.board.health().ready);
  EXPECT_NE(older.board.status_json().find("\"state\":\"fenced\""), std::string::npos);
  EXPECT_NE(older.board.metrics_text().find("maand_authority{state=\"fenced\"} 1"), std::string::npos);
  const int contacts = older.runner.contacts;
  older.pass();
  EXPECT_EQ(older.runner.contacts, contacts) << "and it does not even ask";

  // An operator takes the workers back; the records of the newer one count.
  older.desk.recovery().takeover("the new machine died", "bob");
  older.pass();
  EXPECT_EQ(authority(older), "ours");
  EXPECT_EQ(older.journal.state().epoch, 3u);
  EXPECT_EQ(older.runner.runs, (Runs{"restart api@w1 1.1.0→1.2.0", "restart api@w2 1.1.0→1.2.0"}));
}

// A backup is older than what the workers know: it must not act on what it believes.
TEST(Fencing, AStoreThatWasPutBackIsRecognised_R7_3) {
  LoopWorld world;
  world.source.commit(two_jobs());
  world.pass();
  Restored restored(world);
  world.source.commit(two_jobs("1.1.0"));
  world.pass();

  restored.wake(world);
  restored.source.commit(two_jobs("1.2.0"));
  restored.pass();
  EXPECT_EQ(authority(restored), "fenced");
  EXPECT_EQ(restored.runner.runs, Runs{});
  restored.desk.recovery().takeover("restored", "ann");
  restored.pass();
  EXPECT_EQ(restored.runner.runs, (Runs{"restart api@w1 1.1.0→1.2.0", "restart api@w2 1.1.0→1.2.0"}));
  EXPECT_EQ(restored.state(), "applied");
}

// What this store itself would remove meanwhile would be newer than what another one did elsewhere.
TEST(Fencing, ARemovalElsewhereHidesNothingThatAnotherStoreBegan_R7_3) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"edge", "1.0.0"}, {"db", "1.0.0"}}));
  world.pass();
  Restored restored(world);
  world.source.commit(LoopWorld::workspace(1, {{"edge", "1.0.0"}, {"db", "1.0.0"}, {"api", "1.0.0"}}));
  world.pass();

  restored.wake(world);
  restored.source.commit(LoopWorld::workspace(1, {{"db", "1.0.0"}}));
  restored.pass();
  EXPECT_EQ(authority(restored), "fenced");
  EXPECT_EQ(restored.journal.state().allocations.size(), 2u) << "not even what it may remove";
  restored.source.commit(LoopWorld::workspace(1, {{"db", "1.0.0"}, {"api", "1.0.0"}}));
  restored.pass();
  EXPECT_EQ(restored.runner.runs, Runs{});
}

// The commit does not say any more what the job was: only its worker does.
TEST(Fencing, WhoTakesOverWithAStoreFromBeforeARenameForgetsTheOldName_R7_3) {
  const auto renamed = [](bool told) {
    FakeFileView view = LoopWorld::workspace(1, {{"fresh", "1.0.0"}});
    if (told)
      view.file("workspace/jobs/fresh/manifest.json",
                R"({"version": "1.0.0", "selectors": ["worker"], "renamed_from": "old"})");
    return view;
  };
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"old", "1.0.0"}}));
  world.pass();
  Restored restored(world);
  world.source.commit(renamed(true));
  world.pass();
  world.source.commit(renamed(false));
  world.pass();

  restored.wake(world);
  restored.desk.recovery().takeover("restored", "ann");
  restored.pass();
  EXPECT_EQ(restored.runner.runs, Runs{});
  EXPECT_EQ(restored.journal.state().find({JobName("old"), WorkerHost("w1")}), nullptr);
  EXPECT_EQ(restored.state(), "applied") << restored.board.status_json();
}

// Since the backup a machine was replaced, and what it has now was deployed anew.
TEST(Fencing, WhoTakesOverWithAnOldStoreBelievesTheMachineThatIsThereNow_R7_3) {
  LoopWorld world;
  world.source.commit(two_jobs());
  world.pass();
  Restored restored(world);
  world.runner.workers[WorkerHost("w1")] = {};
  world.desk.recovery().worker("reset", "w1", "ann");
  world.source.commit(LoopWorld::workspace(2, {{"api", "1.1.0"}}));
  world.pass();

  restored.wake(world);
  restored.desk.recovery().takeover("restored", "ann");
  restored.pass();
  EXPECT_EQ(restored.state(), "applied");
  EXPECT_EQ(restored.journal.state().find(kApi1)->version, "1.1.0");
  EXPECT_EQ(restored.journal.state().find({JobName("db"), WorkerHost("w1")}), nullptr);
  EXPECT_EQ(restored.runner.runs, Runs{}) << "what it keeps is what the commit asks for";
}

TEST(Fencing, AWorkerThatIsReadLongAfterTheTakeoverKnowsMoreThanAnOldStore_R7_3) {
  LoopWorld world;
  world.source.commit(two_jobs());
  world.pass();
  Restored restored(world);
  world.source.commit(two_jobs("1.1.0"));
  world.pass();

  restored.wake(world);
  restored.runner.dead = {WorkerHost("w1")};
  restored.desk.recovery().takeover("restored", "ann");
  restored.pass();
  EXPECT_EQ(restored.journal.state().find(kApi1)->version, "1.0.0") << "nobody could ask";
  restored.runner.dead.clear();
  restored.pass();
  EXPECT_EQ(restored.journal.state().find(kApi1)->version, "1.1.0");
  EXPECT_EQ(restored.runner.runs, Runs{});
  EXPECT_EQ(restored.state(), "applied");
}

// The word is dropped last: whatever is cut, it is carried out once more, never lost.
TEST(Fencing, ATakeoverThatIsCutAnywhereIsCarriedOutByTheNextPass_R3_12) {
  for (int cut = 0;; ++cut) {
    LoopWorld before;
    before.source.commit(two_jobs());
    before.pass();
    Fresh world(before);
    world.desk.recovery().takeover("", "ann");
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
    EXPECT_EQ(authority(world), "ours") << cut;
    EXPECT_EQ(world.state(), "applied") << cut;
    EXPECT_EQ(world.runner.runs, Runs{}) << cut;
    if (!died) break;
    ASSERT_LT(cut, 200);
  }
}

// What its workers were told before is from a clock that is an hour ahead. Numbers of operations only
// rise, so what was read must not be known without them, wherever the daemon ends.
TEST(Fencing, WhatIsReadAfterATakeoverIsNotKnownWithoutItsNumbers_R3_12) {
  for (int cut = 0;; ++cut) {
    LoopWorld before;
    const auto ahead = before.clock.wall().time_since_epoch() + std::chrono::hours(1);
    before.journal.raise_epoch(
        1, static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(ahead).count()));
    before.source.commit(two_jobs("1.0.0", 1));
    before.pass();
    Fresh world(before);
    world.runner.dead = {WorkerHost("w1")};
    world.desk.recovery().takeover("", "ann");
    world.pass();
    world.runner.dead.clear();
    int writes = 0;
    bool died = false;
    world.store.after_write = [&](const std::string&) {
      if (writes++ != cut) return;
      died = true;
      throw StoreError("written, and the daemon ends here");
    };
    world.pass();
    world.store.after_write = nullptr;
    world.journal.reload();
    world.source.commit(two_jobs("1.1.0", 1));
    world.pass();
    EXPECT_EQ(world.runner.runs, Runs{"restart api@w1 1.0.0→1.1.0"}) << cut;
    EXPECT_GT(world.journal.state().last_seq, before.journal.state().last_seq) << cut;
    if (!died) break;
    ASSERT_LT(cut, 200);
  }
}

// That it must not write to workers is on record before what showed it is.
TEST(Fencing, AStoreThatFailsDoesNotMakeItForgetThatItMayNotWrite_R7_3) {
  for (int cut = 0;; ++cut) {
    LoopWorld before;
    before.source.commit(two_jobs());
    before.pass();
    Fresh world(before);
    int writes = 0;
    bool failed = false;
    world.store.before_write = [&](const std::string&) {
      if (writes++ != cut) return;
      failed = true;
      throw StoreError("the disk is full for a moment");
    };
    world.pass();
    world.pass();
    EXPECT_EQ(world.runner.runs, Runs{}) << cut;
    EXPECT_FALSE(world.store.load().workers.empty()) << cut;
    EXPECT_EQ(to_string(kept_authority(world.store).kind), std::string("recovering")) << cut;
    if (!failed) break;
    ASSERT_LT(cut, 200);
  }
}

// What it would begin is another job's: the allocation that it knows nothing of is not asked for.
TEST(Fencing, AnOldStoreThatActsOnSomethingElseIsRecognisedAsWell_R7_3) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"db", "1.0.0"}}));
  world.pass();
  Restored restored(world);
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}, {"db", "1.0.0"}}));
  world.pass();

  restored.wake(world);
  restored.source.commit(LoopWorld::workspace(1, {{"db", "1.1.0"}}));
  restored.pass();
  EXPECT_EQ(authority(restored), "fenced");
  EXPECT_EQ(restored.runner.runs, Runs{}) << "api would run beside it, and nobody would know";
  restored.desk.recovery().takeover("restored", "ann");
  restored.pass();
  EXPECT_EQ(restored.state(), "applied");
  EXPECT_EQ(restored.journal.state().find(kApi1), nullptr) << "it left, so it was stopped";
}

// No pass is made for what an operator orders.
TEST(Fencing, AnOldStoreThatIsGivenAnOrderIsRecognisedAsWell_R7_3) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"db", "1.0.0"}}));
  world.pass();
  Restored restored(world);
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}, {"db", "1.0.0"}}));
  world.pass();

  restored.runner.workers = world.runner.workers;
  restored.pass();  // the commit of the backup: nothing is to be done
  ASSERT_EQ(authority(restored), "ours");
  const ControlReply reply = restored.desk.job_order_here({"restart", "db", "", false, "", ""}, "ann");
  restored.reconciler.run_orders();
  EXPECT_EQ(authority(restored), "fenced") << reply.text;
  EXPECT_EQ(restored.runner.runs, Runs{});
}

// Who is touched first by a commit that takes over is asked first as well.
TEST(Fencing, AnOldStoreIsRecognisedInTheMiddleOfARollout_R7_3) {
  const auto placed = [](const std::string& first, const std::string& second, const std::string& more) {
    FakeFileView view;
    view.file("workspace/workers.json",
              R"([{"host": "w1", "labels": ["a"]}, {"host": "w2", "labels": ["b"]}])");
    for (const auto& [job, label, version] : std::vector<std::tuple<std::string, std::string, std::string>>{
             {"api", "a", first}, {"slow", "a", first}, {"db", "b", second}, {"more", "b", more}}) {
      view.file("workspace/jobs/" + job + "/manifest.json",
                R"({"version": ")" + version + R"(", "selectors": [")" + label + R"("]})");
      view.file("workspace/jobs/" + job + "/Makefile", "start stop restart reload:\n\t@true\n");
    }
    return view;
  };
  LoopWorld world;
  world.source.commit(placed("1.0.0", "1.0.0", "1.0.0"));
  world.pass();
  Restored restored(world);
  world.source.commit(placed("1.0.0", "1.0.0", "1.1.0"));
  world.pass();

  restored.wake(world);
  restored.source.commit(placed("2.0.0", "1.0.0", "1.0.0"));
  CommitId newer;
  const Instant give_up = restored.clock.now() + std::chrono::seconds(30);
  std::function<void()> release_when_taken_over = [&] {
    if (restored.reconciler.memory().judged->info.id != newer && restored.clock.now() < give_up)
      return restored.inbox.post(release_when_taken_over);
    restored.runner.hold(false);
    restored.runner.release_held();
  };
  restored.runner.on_run = [&](const Operation&) {
    if (newer.empty()) {
      newer = restored.source.commit(placed("2.0.0", "3.0.0", "1.0.0"));
      restored.reconciler.poke("commit");
      restored.runner.hold(true);
      release_when_taken_over();
    }
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  restored.pass();
  ASSERT_FALSE(newer.empty());
  EXPECT_EQ(authority(restored), "fenced");
  EXPECT_EQ(restored.runner.runs, (Runs{"restart api@w1 1.0.0→2.0.0", "restart slow@w1 1.0.0→2.0.0"}));
}

// The old store has already named its job anew; what the machine that is there now runs has its old name.
TEST(Fencing, ARenameOfAnOldStoreHidesNothingThatAnotherMachineRuns_R7_3) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"old", "1.0.0"}}));
  world.pass();
  Restored restored(world);
  world.runner.workers[WorkerHost("w1")] = {};
  world.desk.recovery().worker("reset", "w1", "ann");
  world.pass();

  restored.wake(world);
  FakeFileView renamed = LoopWorld::workspace(1, {{"fresh", "1.0.0"}});
  renamed.file("workspace/jobs/fresh/manifest.json",
               R"({"version": "1.0.0", "selectors": ["worker"], "renamed_from": "old"})");
  restored.source.commit(renamed);
  restored.pass();
  EXPECT_NE(restored.state(), "applied") << "another machine than the one on record";
  restored.runner.runs.clear();
  restored.desk.recovery().takeover("restored", "ann");
  restored.pass();
  EXPECT_EQ(restored.state(), "applied");
  EXPECT_EQ(restored.runner.runs, Runs{"restart fresh@w1 1.0.0→1.0.0"})
      << "it moves, and starts beside nothing";
}

}  // namespace
}  // namespace maand::testing
