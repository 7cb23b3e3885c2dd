// What counts only once a new connection confirmed it, over the whole loop: R2.9
// `confirm_seconds`, and what a daemon that comes back makes of it (R7.1).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using Runs = std::vector<std::string>;
using ::testing::HasSubstr;
using ::testing::Not;

// api on w1 and w2, 1.0.0 applied.
class ConfirmedWorld : public LoopWorld {
 public:
  ConfirmedWorld() {
    source.commit(files("1.0.0"));
    pass();
    runner.runs.clear();
    runner.confirmations.clear();
  }
  static FakeFileView files(const std::string& version, const std::string& more = "", int seconds = 60) {
    FakeFileView view = workspace(2, {{"api", version}});
    view.file("workspace/jobs/api/manifest.json",
              R"({"version": ")" + version +
                  R"(", "selectors": ["worker"], "rollout": {"confirm_seconds": )" + std::to_string(seconds) +
                  more + "}}");
    view.file("workspace/jobs/api/conf", version);
    return view;
  }
  const AppliedAllocation& on(const std::string& host) {
    return *journal.state().find({JobName("api"), WorkerHost(host)});
  }
  const JobRecord& record() { return journal.state().jobs.at(JobName("api")); }
};

const AllocationKey kFirst{JobName("api"), WorkerHost("w1")};
const AllocationKey kSecond{JobName("api"), WorkerHost("w2")};

TEST(PassConfirm, EachIsConfirmedBeforeTheNextBegins_R2_9) {
  ConfirmedWorld world;
  const CommitId second = world.source.commit(ConfirmedWorld::files("2.0.0"));
  EXPECT_TRUE(world.pass().converged);
  EXPECT_EQ(world.runner.runs, (Runs{"restart api@w1 1.0.0→2.0.0", "restart api@w2 1.0.0→2.0.0"}));
  EXPECT_EQ(world.runner.confirmations, (std::vector<AllocationKey>{kFirst, kSecond}));
  EXPECT_EQ(world.state(), "applied") << world.note(second);
  for (const char* host : {"w1", "w2"}) {
    EXPECT_FALSE(world.on(host).open) << host;
    EXPECT_FALSE(world.on(host).before) << host;
    EXPECT_EQ(world.on(host).version, "2.0.0") << host;
  }
}

TEST(PassConfirm, WhatItsWorkerTookBackIsHeldAsItWasAndTheNoteSaysWhy_R2_9) {
  ConfirmedWorld world;
  const FileSetPtr before = world.on("w1").files;
  world.runner.reverts.insert(kFirst);
  const CommitId second = world.source.commit(ConfirmedWorld::files("2.0.0"));
  world.pass();
  EXPECT_EQ(world.runner.runs, (Runs{"restart api@w1 1.0.0→2.0.0", "back api@w1"}));
  EXPECT_EQ(world.state(), "held");
  EXPECT_THAT(world.note(second), HasSubstr("NotConfirmed"));
  EXPECT_EQ(world.record().held_reason, "NotConfirmed");
  EXPECT_EQ(world.on("w1").version, "1.0.0");
  EXPECT_EQ(world.on("w1").files->list_id, before->list_id);
  EXPECT_EQ(world.on("w1").last, LastResult::kConfirmed) << "what runs there has failed nothing";
  world.pass();
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 2u) << "not tried again unasked";
  world.runner.reverts.clear();
  world.source.commit(ConfirmedWorld::files("3.0.0"));
  world.pass();
  EXPECT_EQ(world.on("w1").version + world.on("w2").version, "3.0.03.0.0");
}

TEST(PassConfirm, WithRollbackTheOthersGoBackAsWell_R2_9_R5_2) {
  ConfirmedWorld world;
  world.source.commit(ConfirmedWorld::files("1.5.0", R"(, "on_failure": "rollback")"));
  world.pass();
  world.runner.runs.clear();
  world.runner.reverts.insert(kSecond);
  world.source.commit(ConfirmedWorld::files("2.0.0", R"(, "on_failure": "rollback")"));
  world.pass();
  EXPECT_EQ(world.runner.runs, (Runs{"restart api@w1 1.5.0→2.0.0", "restart api@w2 1.5.0→2.0.0",
                                     "back api@w2", "rollback api@w1 2.0.0→1.5.0"}));
  EXPECT_EQ(world.state(), "rolled_back");
  EXPECT_EQ(world.on("w1").version + world.on("w2").version, "1.5.01.5.0");
}

TEST(PassConfirm, AWorkerThatTakesNoNewConnectionFailsItAndIsAskedUntilItIsKnown_R2_9) {
  ConfirmedWorld world;
  world.runner.cut.insert(WorkerHost("w1"));
  world.source.commit(ConfirmedWorld::files("2.0.0"));
  EXPECT_FALSE(world.pass().converged);
  EXPECT_EQ(world.record().held_reason, "NotConfirmed");
  EXPECT_TRUE(world.on("w1").open) << "which of both happened is the worker's to say";
  EXPECT_EQ(world.on("w1").version, "1.0.0");
  world.runner.cut.clear();
  world.pass();
  EXPECT_TRUE(world.on("w1").open) << "its rollout has failed: nobody confirms it afterwards";
  world.runner.reverts.insert(kFirst);
  world.pass();
  EXPECT_FALSE(world.on("w1").open);
  EXPECT_EQ(world.on("w1").version, "1.0.0");
  EXPECT_EQ(world.record().held_reason, "NotConfirmed");
  EXPECT_EQ(world.runner.runs, (Runs{"restart api@w1 1.0.0→2.0.0", "back api@w1"}));
}

TEST(PassConfirm, OneThatMayFailIsLeftAsItWasUntilARetry_R2_9) {
  ConfirmedWorld world;
  const std::string lenient = R"(, "max_failures": 1)";
  world.runner.reverts.insert(kFirst);
  world.source.commit(ConfirmedWorld::files("2.0.0", lenient));
  world.pass();
  world.pass();
  world.pass();
  EXPECT_EQ(world.runner.runs,
            (Runs{"restart api@w1 1.0.0→2.0.0", "back api@w1", "restart api@w2 1.0.0→2.0.0"}));
  EXPECT_EQ(world.on("w1").version + world.on("w2").version, "1.0.02.0.0");
  world.runner.reverts.clear();
  world.desk.retry_here("api", "tester");
  world.pass();
  EXPECT_EQ(world.on("w1").version, "2.0.0");
}

TEST(PassConfirm, OneThatMayFailAndIsOnlyLearnedOfLaterHoldsNothingEither_R2_9) {
  // The others wait until it is up again, or are through without it by then.
  for (const std::string unavailable : {"", R"(, "max_unavailable": 2)"}) {
    ConfirmedWorld world;
    world.runner.cut.insert(WorkerHost("w1"));
    world.source.commit(
        ConfirmedWorld::files("2.0.0", R"(, "max_failures": 1, "on_failure": "rollback")" + unavailable));
    world.pass();
    ASSERT_TRUE(world.on("w1").open);
    ASSERT_EQ(world.on("w2").version, unavailable.empty() ? "1.0.0" : "2.0.0");
    world.runner.cut.clear();
    world.runner.reverts.insert(kFirst);
    for (int i = 0; i < 3; ++i) world.pass();
    EXPECT_FALSE(world.on("w1").open);
    EXPECT_EQ(world.record().held_reason, "") << unavailable;
    EXPECT_EQ(world.on("w1").version + world.on("w2").version, "1.0.02.0.0") << unavailable;
    EXPECT_THAT(world.runner.runs, Not(::testing::Contains("rollback api@w2 2.0.0→1.0.0")));
  }
}

TEST(PassConfirm, MoreThanMayFailHoldTheJobHoweverLateTheyAreLearnedOf_R2_9) {
  ConfirmedWorld world;
  world.runner.cut = {WorkerHost("w1"), WorkerHost("w2")};
  world.source.commit(ConfirmedWorld::files("2.0.0", R"(, "max_failures": 1, "max_unavailable": 2)"));
  world.pass();
  world.runner.cut.clear();
  world.runner.reverts = {kFirst, kSecond};
  for (int i = 0; i < 2; ++i) world.pass();
  EXPECT_EQ(world.record().held_reason, "NotConfirmed");
}

TEST(PassConfirm, AWorkerThatTellsAConfirmationOfANewerControllerIsHeeded_R3_12) {
  ConfirmedWorld world;
  world.runner.on_run = [&](const Operation& operation) {
    world.runner.workers[operation.allocation.worker].epoch = operation.epoch + 1;
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world.source.commit(ConfirmedWorld::files("2.0.0"));
  world.pass();
  EXPECT_STREQ(to_string(world.reconciler.memory().authority.kind), "fenced");
  EXPECT_EQ(world.runner.runs, (Runs{"restart api@w1 1.0.0→2.0.0"})) << "nobody else is written to";
  EXPECT_EQ(world.record().held_reason, "") << "and nothing has failed";
}

TEST(PassConfirm, WhereGoingBackWasInterruptedARollbackPutsBackTheRest_R2_9_R5_2) {
  ConfirmedWorld world;
  const std::string rollback = R"(, "on_failure": "rollback")";
  world.source.commit(ConfirmedWorld::files("1.5.0", rollback));
  world.pass();
  world.runner.runs.clear();
  world.runner.on_run = [&](const Operation& operation) {
    if (operation.new_version != "2.0.0" || operation.allocation != kSecond)
      return Outcome{.kind = OutcomeKind::kSucceeded};
    return Outcome{.kind = OutcomeKind::kFailed,
                   .confirmation = Confirmation::kReverted,
                   .back = OutcomeKind::kInterrupted};
  };
  world.source.commit(ConfirmedWorld::files("2.0.0", rollback));
  for (int i = 0; i < 2; ++i) world.pass();
  EXPECT_THAT(world.runner.runs, ::testing::Contains(HasSubstr("rollback api@w2")));
  EXPECT_EQ(world.on("w2").last, LastResult::kConfirmed);
  EXPECT_EQ(world.on("w2").version, "1.5.0");
  EXPECT_EQ(world.state(), "rolled_back");
}

// A daemon that ends between the target and the confirmation, and the next one.
class ComesBack : public ::testing::Test {
 protected:
  // The second version is rolled out, and the daemon leaves when it has run on the first.
  void leave(const FakeFileView& content = ConfirmedWorld::files("2.0.0")) {
    world_.runner.on_run = [this](const Operation&) {
      world_.runner.cut.insert(WorkerHost("w1"));
      world_.reconciler.stop();
      return Outcome{.kind = OutcomeKind::kSucceeded};
    };
    second_ = world_.source.commit(content);
    world_.pass();
    ASSERT_TRUE(world_.on("w1").open);
    ASSERT_EQ(world_.record().held_reason, "") << "leaving fails nothing";
    world_.runner.on_run = [](const Operation&) { return Outcome{.kind = OutcomeKind::kSucceeded}; };
    world_.runner.cut.clear();
    world_.runner.confirmations.clear();
  }
  PassResult pass() { return next_.run_once("commit"); }
  std::string state() { return to_string(next_.memory().status->state); }
  long runs_on_first() const {
    const auto& runs = world_.runner.runs;
    return std::count(runs.begin(), runs.end(), "restart api@w1 1.0.0→2.0.0");
  }

  ConfirmedWorld world_;
  Reconciler next_{{world_.inbox, world_.lane, world_.source, world_.notes, world_.judge, world_.runner,
                    world_.store, world_.journal, world_.clock, world_.observer, world_.board},
                   LoopWorld::usual(),
                   {}};
  CommitId second_;
};

TEST_F(ComesBack, WhatStillWaitsIsConfirmedAndRunsNoSecondTime_R2_9_R7_1) {
  leave();
  pass();
  EXPECT_EQ(world_.runner.confirmations.at(0), kFirst);
  EXPECT_EQ(runs_on_first(), 1);
  EXPECT_EQ(world_.on("w1").version + world_.on("w2").version, "2.0.02.0.0");
  EXPECT_EQ(state(), "applied");
}

TEST_F(ComesBack, WhatWasTakenBackMeanwhileHoldsTheJob_R2_9_R7_1) {
  leave();
  world_.runner.reverts.insert(kFirst);
  pass();
  EXPECT_EQ(world_.record().held_reason, "NotConfirmed");
  EXPECT_EQ(world_.on("w1").version + world_.on("w2").version, "1.0.01.0.0");
  EXPECT_FALSE(world_.on("w1").open);
  EXPECT_EQ(runs_on_first(), 1);
  EXPECT_EQ(state(), "held");
  EXPECT_THAT(world_.note(second_), HasSubstr("NotConfirmed"));
}

TEST_F(ComesBack, AGateThatStaysOpenStopsNobodyLongerThanItsWorkerWaits_R2_9) {
  leave(ConfirmedWorld::files(
      "2.0.0",
      R"(}, "health_check": {"checks": [{"type": "ssh", "command": "true"}], "wait": {"attempts": 100000})",
      1));
  world_.runner.unhealthy.insert(kFirst);
  EXPECT_FALSE(pass().converged) << "it ends, and asks again what became of it";
  EXPECT_TRUE(world_.on("w1").open);
  EXPECT_THAT(world_.runner.confirmations, Not(::testing::Contains(kFirst)));
}

TEST_F(ComesBack, WhatAnotherContentFollowsIsLeftToItsWorker_R2_9) {
  leave();
  world_.source.commit(ConfirmedWorld::files("3.0.0"));
  EXPECT_FALSE(pass().converged);
  EXPECT_THAT(world_.runner.confirmations, Not(::testing::Contains(kFirst)))
      << "its checks are not those of what waits";
  world_.runner.reverts.insert(kFirst);
  world_.runner.on_run = [this](const Operation&) {
    world_.runner.reverts.clear();  // that was of what came before
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  pass();
  pass();
  EXPECT_EQ(world_.on("w1").version + world_.on("w2").version, "3.0.03.0.0");
}

}  // namespace
}  // namespace maand::testing
