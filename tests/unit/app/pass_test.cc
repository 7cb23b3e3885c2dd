// Whole passes over fakes: what a commit, a crash, a dead remote, a dead worker or
// a full disk make of the applied state, the note and the workers.
#include "reconciler/app/pass.h"

#include <gtest/gtest.h>

#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using Runs = std::vector<std::string>;

TEST(Pass, AFirstCommitIsAppliedAndItsNoteSaysSo) {
  LoopWorld world;
  const CommitId commit = world.source.commit(LoopWorld::workspace(2, {{"api", "1.0.0"}}));
  const PassResult result = world.pass();
  EXPECT_TRUE(result.converged);
  EXPECT_EQ(world.runner.runs, (Runs{"start api@w1 0.0.0→1.0.0", "start api@w2 0.0.0→1.0.0"}));
  EXPECT_EQ(world.state(), "applied");
  EXPECT_NE(world.note(commit).find("maand test: applied · 2 started, 0 unchanged"), std::string::npos)
      << world.note(commit);
  EXPECT_EQ(world.journal.state().applied, commit);
  EXPECT_EQ(world.source.kept().at("api"), commit) << "R1.7: the good content stays reachable";
}

TEST(Pass, NoChangeMeansNoContactAndNoSecondNote_R1_9) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(2, {{"api", "1.0.0"}}));
  world.pass();
  const int contacts = world.runner.contacts;
  const std::size_t published = world.notes.published().size();
  EXPECT_TRUE(world.pass().converged);
  EXPECT_EQ(world.runner.contacts, contacts);
  EXPECT_EQ(world.notes.published().size(), published);
  EXPECT_EQ(world.source.fetches(), 1) << "R1.2: a fetch only when the ref moved";
}

TEST(Pass, ACommitThatChangesNothingDeployableIsJudgedNotedAndContactsNobody_R1_9) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world.pass();
  const int contacts = world.runner.contacts;
  const CommitId commit =
      world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}).file("README.md", "words"));
  world.pass();
  EXPECT_EQ(world.runner.contacts, contacts);
  EXPECT_NE(world.note(commit).find("applied · 1 unchanged"), std::string::npos) << world.note(commit);
}

TEST(Pass, AnEmptyRepositoryIsWaitedFor_R1_3) {
  LoopWorld world;
  EXPECT_TRUE(world.pass().converged);
  EXPECT_EQ(world.reconciler.memory().source.state, "WaitingForFirstCommit");
  EXPECT_TRUE(world.board.health().ready);
  world.pass();
  EXPECT_EQ(world.observer.count(EventKind::kNotice), 1u) << "what is waited for is told, and told once";
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world.pass();
  EXPECT_EQ(world.observer.count(EventKind::kSourceRecovered), 0u) << "nothing was ill";
}

TEST(Pass, AMissingBranchStopsNothing_R1_3) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world.pass();
  world.source.remove_branch();
  world.pass();
  world.pass();
  EXPECT_EQ(world.reconciler.memory().source.state, "SourceMissing");
  EXPECT_EQ(world.observer.count(EventKind::kSourceProblem), 1u) << "told, and told once";
  EXPECT_EQ(world.runner.runs.size(), 1u);
  EXPECT_EQ(world.journal.state().allocations.size(), 1u);
}

TEST(Pass, ARefusedCommitStopsNothingAndTheNextGoodOneHeals_R1_3) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world.pass();
  const CommitId bad =
      world.source.commit(LoopWorld::workspace(1, {{"api", "2.0.0"}}).file("workspace/workers.json", "[{"));
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 1u);
  EXPECT_EQ(world.state(), "refused");
  EXPECT_NE(world.note(bad).find("maand test: refused"), std::string::npos) << world.note(bad);
  EXPECT_NE(world.note(bad).find("workers.json"), std::string::npos);
  world.source.commit(LoopWorld::workspace(1, {{"api", "2.0.0"}}));
  world.pass();
  EXPECT_EQ(world.runner.runs.back(), "restart api@w1 1.0.0→2.0.0");
  EXPECT_EQ(world.state(), "applied");
}

TEST(Pass, WhileTheHeadIsRefusedWhatWasAcceptedGoesOnConverging) {
  LoopWorld world;
  world.runner.dead = {WorkerHost("w2")};
  world.source.commit(LoopWorld::workspace(2, {{"api", "1.0.0"}}));
  EXPECT_FALSE(world.pass().converged);
  world.source.commit(LoopWorld::workspace(2, {{"api", "2.0.0"}}).file("workspace/workers.json", "{}"));
  world.runner.dead.clear();
  world.pass();
  EXPECT_EQ(world.runner.runs.back(), "start api@w2 0.0.0→1.0.0");
}

TEST(Pass, ABrokenJobIsHeldAloneWithAllItsErrors_R1_6) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}, {"db", "1.0.0"}}));
  world.pass();
  const CommitId commit = world.source.commit(
      LoopWorld::workspace(1, {{"api", "1.0.0"}, {"db", "2.0.0"}})
          .file("workspace/jobs/api/manifest.json", R"({"version": "x y", "restart_policy": "sometimes"})"));
  world.pass();
  EXPECT_EQ(world.runner.runs.back(), "restart db@w1 1.0.0→2.0.0");
  EXPECT_EQ(world.runner.runs.size(), 3u);
  EXPECT_EQ(world.state(), "held");
  EXPECT_NE(world.note(commit).find("restart_policy"), std::string::npos) << world.note(commit);
  EXPECT_NE(world.note(commit).find("version"), std::string::npos);
}

TEST(Pass, ADeadWorkerCostsItsOwnAllocationsAndCatchesUp_R2_7) {
  LoopWorld world;
  world.runner.dead = {WorkerHost("w1")};
  const CommitId commit = world.source.commit(LoopWorld::workspace(2, {{"api", "1.0.0"}}));
  EXPECT_FALSE(world.pass().converged);
  EXPECT_EQ(world.runner.runs, Runs{"start api@w2 0.0.0→1.0.0"});
  EXPECT_EQ(world.state(), "degraded");
  const std::size_t published = world.notes.published().size();
  world.pass();
  EXPECT_EQ(world.notes.published().size(), published) << "a retry that changes nothing is not told again";
  world.runner.dead.clear();
  EXPECT_TRUE(world.pass().converged);
  EXPECT_EQ(world.runner.runs.back(), "start api@w1 0.0.0→1.0.0");
  EXPECT_NE(world.note(commit).find(": applied"), std::string::npos) << world.note(commit);
  EXPECT_NE(world.note(commit).find("\"state\":\"degraded\""), std::string::npos)
      << "attempts keep the earlier result";
}

TEST(Pass, AFailedTargetHoldsTheJobUntilItChangesOrARetry_R2_6) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world.pass();
  world.runner.on_run = [](const Operation&) {
    return Outcome{.kind = OutcomeKind::kFailed, .exit_status = 2};
  };
  world.source.commit(LoopWorld::workspace(1, {{"api", "2.0.0"}}));
  world.pass();
  EXPECT_EQ(world.state(), "held");
  const std::size_t runs = world.runner.runs.size();
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), runs) << "held: not tried again by itself";
  world.runner.on_run = [](const Operation&) { return Outcome{.kind = OutcomeKind::kSucceeded}; };
  EXPECT_EQ(world.desk.retry_here("api", "tester").kind, ControlReply::Kind::kDone);
  world.pass();
  EXPECT_EQ(world.runner.runs.back(), "restart api@w1 1.0.0→2.0.0");
  EXPECT_EQ(world.state(), "applied");
  EXPECT_EQ(world.store.audits(10).at(0).actor, "tester");
}

TEST(Pass, ANoteKeepsWhatAnEarlierPassOfItsCommitDid_R4_3) {
  LoopWorld world;
  world.runner.dead = {WorkerHost("w2")};
  const CommitId commit = world.source.commit(LoopWorld::workspace(2, {{"api", "1.0.0"}}));
  world.pass();
  EXPECT_EQ(world.state(), "degraded");
  world.runner.dead.clear();
  world.pass();
  const std::string note = world.note(commit);
  EXPECT_NE(note.find("applied · 2 started, 0 unchanged"), std::string::npos) << note;
  EXPECT_NE(note.find("api@w1"), std::string::npos) << note;
  EXPECT_NE(note.find("api@w2"), std::string::npos) << note;
}

TEST(Pass, AFailedGateIsTriedAgainByAnOperatorWithTargetAndGate_R2_6) {
  LoopWorld world;
  const auto commit = [&](const std::string& wait) {
    return world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}})
                                   .file("workspace/jobs/api/manifest.json",
                                         R"({"version": "1.0.0", "selectors": ["worker"],
      "resources": {"ports": {"api_http": 8080}},
      "health_check": {"checks": [{"type": "tcp", "port": "api_http"}], "wait": {"attempts": )" +
                                             wait + "}}}"));
  };
  commit("1");
  world.runner.unhealthy = {{JobName("api"), WorkerHost("w1")}};
  world.pass();
  EXPECT_EQ(world.state(), "held");
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 1u) << "not by itself";
  EXPECT_TRUE(world.journal.lift_holds(JobName("api")));
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 2u) << "the target again";
  EXPECT_EQ(world.state(), "held") << "and its gate";
  world.runner.unhealthy.clear();
  commit("2");  // another hold key, and nothing that is shipped
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 3u);
  EXPECT_EQ(world.state(), "applied");
}

TEST(Pass, ADeadRemoteIsAConditionAndKeepsNobodyFromCatchingUp_R1_3) {
  LoopWorld world;
  world.runner.dead = {WorkerHost("w1")};
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world.pass();
  world.runner.dead.clear();
  world.source.fail_remote(SourceProblem::kUnreachable, "connection refused");
  EXPECT_TRUE(world.pass().source_failed);
  EXPECT_EQ(world.reconciler.memory().source.state, "Unreachable");
  EXPECT_EQ(world.runner.runs, Runs{"start api@w1 0.0.0→1.0.0"});
  world.pass();
  EXPECT_EQ(world.reconciler.memory().source.state, "Ready");
  EXPECT_EQ(world.observer.count(EventKind::kSourceRecovered), 1u);
}

TEST(Pass, ANoteThatCannotBePushedWaitsInTheOutbox_R4_4) {
  LoopWorld world;
  const CommitId commit = world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world.notes.fail(SourceProblem::kAuthFailed, "read only");
  EXPECT_FALSE(world.pass().converged);
  EXPECT_EQ(world.state(), "applied") << "the outcome does not depend on the note";
  EXPECT_EQ(world.note(commit), "");
  world.pass();
  EXPECT_NE(world.note(commit).find(": applied"), std::string::npos);
  EXPECT_TRUE(world.store.pending_notes().empty());
}

TEST(Pass, RewrittenHistoryIsAcceptedAndSaidSo_R1_4) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world.pass();
  const CommitId rewritten = world.source.commit_on({}, LoopWorld::workspace(1, {{"api", "3.0.0"}}));
  world.source.set_remote_head(rewritten);
  world.pass();
  EXPECT_EQ(world.runner.runs.back(), "restart api@w1 1.0.0→3.0.0");
  EXPECT_NE(world.note(rewritten).find("history was rewritten"), std::string::npos) << world.note(rewritten);
}

TEST(Pass, RewrittenHistoryIsHeldWhereThePolicySaysSoUntilReleased_R1_4) {
  PassSettings settings = LoopWorld::usual();
  settings.hold_rewritten_history = true;
  LoopWorld world(settings);
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
  world.pass();
  const CommitId rewritten = world.source.commit_on({}, LoopWorld::workspace(1, {{"api", "3.0.0"}}));
  world.source.set_remote_head(rewritten);
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 1u);
  EXPECT_EQ(world.state(), "held");
  EXPECT_EQ(world.desk.release_here(rewritten.str().substr(0, 12), "tester").kind, ControlReply::Kind::kDone);
  world.pass();
  EXPECT_EQ(world.runner.runs.back(), "restart api@w1 1.0.0→3.0.0");
}

TEST(Pass, ANewerCommitWinsPerJobWhileTheOldRolloutIsGoingOn_R1_8) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(3, {{"api", "1.0.0"}, {"db", "1.0.0"}}));
  world.pass();
  world.runner.runs.clear();
  const CommitId older = world.source.commit(LoopWorld::workspace(3, {{"api", "2.0.0"}, {"db", "2.0.0"}}));
  // The newer commit arrives while the first target of the older one runs. It
  // changes api again and leaves db as the older one has it.
  CommitId newer;
  const Instant give_up = world.clock.now() + std::chrono::seconds(30);
  // No other target ends before the newer commit is taken over: a rollout that is
  // through by then was not superseded.
  std::function<void()> release_when_taken_over = [&] {
    if (world.reconciler.memory().judged->info.id != newer && world.clock.now() < give_up) {
      return world.inbox.post(release_when_taken_over);
    }
    world.runner.hold(false);
    world.runner.release_held();
  };
  world.runner.on_run = [&](const Operation&) {
    if (newer.empty()) {
      newer = world.source.commit(LoopWorld::workspace(3, {{"api", "3.0.0"}, {"db", "2.0.0"}}));
      world.reconciler.poke("commit");
      world.runner.hold(true);
      release_when_taken_over();
    }
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  for (int i = 0; i < 3 && world.journal.state().applied != newer; ++i) world.pass();
  std::size_t api_at_newest = 0;
  std::size_t db_runs = 0;
  for (const std::string& run : world.runner.runs) {
    if (run.find("api") != std::string::npos && run.find("→3.0.0") != std::string::npos) ++api_at_newest;
    if (run.find("db") != std::string::npos) ++db_runs;
  }
  std::string all;
  for (const std::string& run : world.runner.runs) all += run + "\n";
  EXPECT_EQ(api_at_newest, 3u) << all;
  EXPECT_EQ(db_runs, 3u) << "each worker took db 2.0.0 once";
  EXPECT_NE(world.note(older).find(": superseded"), std::string::npos) << world.note(older);
  EXPECT_EQ(world.note(newer).find("Unsettled"), std::string::npos) << world.note(newer);
  for (const PassRecord& record : world.store.passes(10)) {
    EXPECT_NE(record.state, "degraded") << "an operation in flight is no trouble: " << record.json;
  }
  EXPECT_NE(world.note(newer).find(": applied"), std::string::npos) << world.note(newer);
}

TEST(Pass, AJobThatLeftIsStoppedRemovedAndForgotten) {
  LoopWorld world;
  world.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}, {"db", "1.0.0"}}));
  world.pass();
  world.source.commit(LoopWorld::workspace(1, {{"db", "1.0.0"}}));
  world.pass();
  EXPECT_EQ(world.runner.runs.at(2), "stop api@w1 1.0.0→1.0.0");
  EXPECT_EQ(world.runner.runs.at(3), "remove api@w1 1.0.0→1.0.0");
  EXPECT_EQ(world.journal.state().jobs.count(JobName("api")), 0u);
  EXPECT_EQ(world.source.kept().count("api"), 0u);
}

}  // namespace
}  // namespace maand::testing
