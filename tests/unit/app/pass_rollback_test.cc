// Going back from a rollout that failed, over the whole loop: R5.2, R5.3.
#include <gtest/gtest.h>

#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using Runs = std::vector<std::string>;

const Outcome kFailed{.kind = OutcomeKind::kFailed, .exit_status = 2};
const Outcome kSucceeded{.kind = OutcomeKind::kSucceeded};

// api on w1 to w3, 1.0.0 applied; 2.0.0 fails on w2.
class BackWorld : public LoopWorld {
 public:
  BackWorld() {
    first = source.commit(files("1.0.0"));
    pass();
    runner.runs.clear();
    runner.on_run = [](const Operation& operation) {
      const bool bad = operation.new_version == "2.0.0" && operation.allocation.worker == WorkerHost("w2");
      return bad ? kFailed : kSucceeded;
    };
  }
  static FakeFileView files(const std::string& version, const std::string& rollout = "") {
    FakeFileView view = workspace(3, {{"api", version}});
    view.file("workspace/jobs/api/manifest.json",
              R"({"version": ")" + version +
                  R"(", "selectors": ["worker"], "rollout": {"on_failure": "rollback")" + rollout + "}}");
    view.file("workspace/jobs/api/conf", version);
    return view;
  }
  const AppliedAllocation& on(const std::string& host) {
    return *journal.state().find({JobName("api"), WorkerHost(host)});
  }
  const JobRecord& record() { return journal.state().jobs.at(JobName("api")); }
  std::string versions() { return on("w1").version + " " + on("w2").version + " " + on("w3").version; }

  CommitId first;
};

// Whoever is down goes first: it takes nobody out (R2.5).
const Runs kThereAndBack = {"restart api@w1 1.0.0→2.0.0", "restart api@w2 1.0.0→2.0.0",
                            "rollback api@w2 2.0.0→1.0.0", "rollback api@w1 2.0.0→1.0.0"};

TEST(PassRollback, WhatTheRolloutTouchedIsBackAndTheStateSaysSo_R5_2) {
  BackWorld world;
  const FileSetPtr before = world.on("w1").files;
  const CommitId second = world.source.commit(BackWorld::files("2.0.0"));
  world.pass();
  EXPECT_EQ(world.runner.runs, kThereAndBack);
  EXPECT_EQ(world.state(), "rolled_back");
  const std::string note = world.note(second);
  EXPECT_NE(note.find("rolled_back · 2 rolled back"), std::string::npos) << note;
  EXPECT_NE(note.find("TargetFailed: api@w2"), std::string::npos) << note;
  EXPECT_EQ(note.find("applied"), std::string::npos) << "never success: " << note;
  EXPECT_EQ(world.versions(), "1.0.0 1.0.0 1.0.0");
  for (const char* host : {"w1", "w2", "w3"}) {
    EXPECT_EQ(world.on(host).files->list_id, before->list_id) << host;
    EXPECT_FALSE(world.on(host).before) << host;
  }
  EXPECT_EQ(world.record().rollback, Rollback::kDone);
  world.pass();
  world.pass();
  EXPECT_EQ(world.runner.runs, kThereAndBack) << "and nothing is tried again";
  EXPECT_EQ(world.state(), "rolled_back");
}

TEST(PassRollback, TheWorkerIsAskedToKeepWhatWasConfirmed_R5_2) {
  BackWorld world;
  const Digest confirmed = world.on("w1").files->list_id;
  std::vector<std::string> kept;
  world.runner.on_run = [&](const Operation& operation) {
    kept.push_back(std::string(to_string(operation.action)) + (operation.keep == confirmed ? " keeps it"
                                                               : operation.keep.empty()    ? ""
                                                                                        : " keeps another"));
    return operation.new_version == "1.0.0" ? kSucceeded : kFailed;
  };
  world.source.commit(BackWorld::files("2.0.0"));
  world.pass();
  EXPECT_EQ(kept, (Runs{"restart keeps it", "rollback"}));
}

TEST(PassRollback, ARevertInGitFindsNothingThatDiffers_R5_2) {
  BackWorld world;
  world.source.commit(BackWorld::files("2.0.0"));
  world.pass();
  world.source.commit(BackWorld::files("1.0.0"));
  EXPECT_TRUE(world.pass().converged);
  EXPECT_EQ(world.runner.runs, kThereAndBack);
  EXPECT_EQ(world.state(), "applied");
}

TEST(PassRollback, TheSameKeyComingBackIsQuarantinedAgainUntilARetry_R5_3) {
  BackWorld world;
  world.source.commit(BackWorld::files("2.0.0"));
  world.pass();
  world.source.commit(BackWorld::files("3.0.0"));
  world.pass();
  EXPECT_EQ(world.versions(), "3.0.0 3.0.0 3.0.0");
  EXPECT_EQ(world.state(), "applied");
  const std::size_t runs = world.runner.runs.size();
  const CommitId again = world.source.commit(BackWorld::files("2.0.0"));
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), runs);
  EXPECT_EQ(world.state(), "held") << "nothing of this commit was rolled back";
  EXPECT_NE(world.note(again).find("not tried since 20"), std::string::npos) << world.note(again);
  EXPECT_EQ(world.versions(), "3.0.0 3.0.0 3.0.0");
  world.runner.on_run = [](const Operation&) { return kSucceeded; };
  EXPECT_EQ(world.desk.retry_here("api", "tester").kind, ControlReply::Kind::kDone);
  world.pass();
  EXPECT_EQ(world.versions(), "2.0.0 2.0.0 2.0.0");
  EXPECT_EQ(world.state(), "applied");
}

TEST(PassRollback, OneThatFailsLeavesTheJobHeldWithASentence_R5_2) {
  BackWorld world;
  world.runner.on_run = [](const Operation& operation) {
    const bool bad = operation.allocation.worker == WorkerHost("w2");
    return bad ? kFailed : kSucceeded;
  };
  const CommitId second = world.source.commit(BackWorld::files("2.0.0"));
  world.pass();
  EXPECT_EQ(world.state(), "held");
  EXPECT_NE(world.note(second).find("RollbackFailed"), std::string::npos) << world.note(second);
  EXPECT_EQ(world.record().rollback, Rollback::kFailed);
  const std::size_t runs = world.runner.runs.size();
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), runs) << "for a person to act";
  world.runner.on_run = [](const Operation&) { return kSucceeded; };
  world.desk.retry_here("api", "tester");
  world.pass();
  EXPECT_EQ(world.versions(), "2.0.0 2.0.0 2.0.0");
}

// What was put back and did not pass its gate is nothing to go back to. It stays out, and whoever waits for
// it would wait for ever.
TEST(PassRollback, OneThatCanNeverBePutBackKeepsNobodyWaitingForEver_R5_2) {
  const AllocationKey w2{JobName("api"), WorkerHost("w2")};
  const auto checked = [](const std::string& version) {
    return BackWorld::files(version, R"(}, "health_check": {"checks": [{"type": "ssh", "command": "true"}],
                                        "wait": {"attempts": 1, "interval_seconds": 1})");
  };
  BackWorld world;
  world.runner.on_run = [](const Operation&) { return kSucceeded; };
  world.source.commit(checked("1.0.0"));
  world.pass();
  world.runner.on_run = [&](const Operation& operation) {
    const bool bad = operation.new_version != "1.0.0" && operation.allocation.worker == WorkerHost("w2");
    if (bad) world.runner.unhealthy.insert(w2);
    return bad ? kFailed : kSucceeded;
  };
  world.source.commit(checked("2.0.0"));
  world.pass();
  EXPECT_EQ(world.record().held_reason, "RollbackFailed");
  EXPECT_EQ(world.versions(), "2.0.0 1.0.0 1.0.0");
  world.source.commit(checked("3.0.0"));
  for (int i = 0; i < 4; ++i) world.pass();
  EXPECT_EQ(world.record().held_reason, "RollbackFailed") << world.record().held_detail;
  EXPECT_EQ(world.state(), "held");

  world.runner.unhealthy.clear();
  world.runner.on_run = [](const Operation&) { return kSucceeded; };
  EXPECT_EQ(world.desk.retry_here("api", "ann").kind, ControlReply::Kind::kDone);
  for (int i = 0; i < 4; ++i) world.pass();
  EXPECT_EQ(world.versions(), "3.0.0 3.0.0 3.0.0");
  EXPECT_EQ(world.state(), "applied");
}

TEST(PassRollback, WhatWasNewInTheRolloutIsStoppedAndStaysSo_R5_2) {
  BackWorld world;
  FakeFileView more = BackWorld::files("2.0.0");
  more.file("workspace/workers.json", R"([{"host": "w1"}, {"host": "w2"}, {"host": "w3"}, {"host": "w4"}])");
  world.source.commit(more);
  world.pass();
  EXPECT_EQ(world.runner.runs,
            (Runs{"start api@w4 0.0.0→2.0.0", "restart api@w1 1.0.0→2.0.0", "restart api@w2 1.0.0→2.0.0",
                  "stop api@w4 2.0.0→2.0.0", "rollback api@w2 2.0.0→1.0.0", "rollback api@w1 2.0.0→1.0.0"}));
  EXPECT_EQ(world.state(), "rolled_back");
  EXPECT_FALSE(world.on("w4").running);
  const std::size_t runs = world.runner.runs.size();
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), runs);
}

TEST(PassRollback, ARemoteThatIsDownKeepsNobodyFromGoingBack_R5_2) {
  BackWorld world;
  world.runner.on_run = [&](const Operation& operation) {
    if (operation.new_version != "2.0.0") return kSucceeded;
    world.source.fail_remote(SourceProblem::kUnreachable, "connection refused", 100);
    world.notes.fail(SourceProblem::kUnreachable, "connection refused", 100);
    return kFailed;
  };
  const CommitId second = world.source.commit(BackWorld::files("2.0.0"));
  world.pass();
  EXPECT_EQ(world.state(), "rolled_back");
  EXPECT_EQ(world.versions(), "1.0.0 1.0.0 1.0.0");
  EXPECT_EQ(world.note(second), "");
  world.notes.fail(SourceProblem::kUnreachable, "", 0);
  world.pass();
  EXPECT_NE(world.note(second).find("rolled_back"), std::string::npos) << "out of the outbox";
}

TEST(PassRollback, AnAnswerThatIsLostInTheMiddleIsSettledAndItGoesOn_R7_1) {
  BackWorld world;
  world.runner.on_run = [&](const Operation& operation) {
    const bool first_back =
        operation.action == Action::kRollback && operation.allocation.worker == WorkerHost("w1");
    if (first_back) world.runner.lose_answer = {operation.allocation};
    return operation.new_version == "2.0.0" && operation.allocation.worker == WorkerHost("w2") ? kFailed
                                                                                               : kSucceeded;
  };
  world.source.commit(BackWorld::files("2.0.0"));
  world.pass();
  EXPECT_EQ(world.record().rollback, Rollback::kBegun);
  EXPECT_NE(world.state(), "rolled_back");
  world.pass();
  EXPECT_EQ(world.runner.runs, kThereAndBack) << "each target once";
  EXPECT_EQ(world.state(), "rolled_back");
  EXPECT_EQ(world.versions(), "1.0.0 1.0.0 1.0.0");
}

TEST(PassRollback, ANewerCommitComesAfterIt_R5_2) {
  BackWorld world;
  world.runner.on_run = [&](const Operation& operation) {
    if (operation.action == Action::kRollback && operation.allocation.worker == WorkerHost("w1")) {
      world.source.commit(BackWorld::files("3.0.0"));
      world.reconciler.poke("webhook");
    }
    return operation.new_version == "2.0.0" && operation.allocation.worker == WorkerHost("w2") ? kFailed
                                                                                               : kSucceeded;
  };
  world.source.commit(BackWorld::files("2.0.0"));
  world.pass();
  world.pass();
  Runs expected = kThereAndBack;
  for (const char* host : {"w1", "w2", "w3"})
    expected.push_back("restart api@" + std::string(host) + " 1.0.0→3.0.0");
  EXPECT_EQ(world.runner.runs, expected);
  EXPECT_EQ(world.state(), "applied");
}

TEST(PassRollback, TheBudgetOfTheCommitNamesWhatIsInTheWay) {
  PassSettings settings = LoopWorld::usual();
  settings.rollout.budget.failures.count = 0;
  LoopWorld world(settings);
  world.runner.on_run = [](const Operation& operation) {
    return operation.allocation.job == JobName("a") ? kFailed : kSucceeded;
  };
  const CommitId commit = world.source.commit(LoopWorld::workspace(1, {{"a", "1.0.0"}}));
  world.pass();
  EXPECT_EQ(world.state(), "held");
  world.source.commit_on(commit, LoopWorld::workspace(1, {{"a", "1.0.0"}, {"b", "1.0.0"}}));
  world.pass();
  EXPECT_EQ(world.runner.runs.back(), "start b@w1 0.0.0→1.0.0") << "another commit has its own budget";
}

}  // namespace
}  // namespace maand::testing
