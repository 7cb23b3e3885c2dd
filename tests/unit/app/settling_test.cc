// What becomes of operations whose end is not known, and that a target which runs on keeps
// nobody waiting but its own job (R3.4).
#include "reconciler/app/settling.h"

#include <gtest/gtest.h>

#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

const AllocationKey kKey{JobName("api"), WorkerHost("w1")};

class Settling : public ::testing::Test {
 protected:
  Settling() {
    world_.source.commit(LoopWorld::workspace(1, {{"api", "1.0.0"}}));
    world_.runner.lose_answer = {kKey};
    world_.pass();  // the target ran, nobody knows
    world_.runner.contacts = 0;
    world_.runner.hold(true);  // and from here on it runs
  }

  SettlingResult settle(std::optional<std::chrono::milliseconds> patience = std::chrono::milliseconds(0)) {
    const SettlingDeps deps{world_.inbox, world_.runner, world_.journal, world_.clock, world_.observer};
    return questions_.settle(
        deps, patience, [this] { ++answered_; }, [] { return false; });
  }
  void end_target() {
    world_.runner.release_held();
    world_.inbox.serve(world_.clock.now());
  }

  LoopWorld world_;
  OpenQuestions questions_;
  int answered_ = 0;
};

TEST_F(Settling, ATargetThatRunsOnIsAskedForOnceAndCountsWhenItEnds) {
  ASSERT_TRUE(world_.journal.state().find(kKey)->open);
  EXPECT_EQ(settle().asked, std::vector<AllocationKey>{kKey});
  EXPECT_EQ(settle().unsettled, 1u);
  EXPECT_EQ(world_.runner.contacts, 1) << "it is asked already";
  end_target();
  EXPECT_EQ(answered_, 1) << "another pass is asked for";
  const SettlingResult settled = settle();
  EXPECT_EQ(settled.unsettled, 0u);
  EXPECT_TRUE(settled.asked.empty());
  EXPECT_FALSE(world_.journal.state().find(kKey)->open);
}

TEST_F(Settling, AnAnswerAboutAnEarlierOperationIsNobodys) {
  settle();
  world_.journal.settle(kKey, {.kind = OutcomeKind::kNever}, CommitId("head"));
  end_target();
  EXPECT_EQ(settle().unsettled, 0u);
  EXPECT_EQ(world_.journal.state().find(kKey), nullptr);
}

TEST_F(Settling, AnswersOutliveWhoAsked) {
  settle();
  questions_ = OpenQuestions();
  end_target();
  EXPECT_EQ(answered_, 0);
}

}  // namespace
}  // namespace maand::testing
