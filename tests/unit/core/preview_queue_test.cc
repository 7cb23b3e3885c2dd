// Which preview is judged next, and which is not.
#include "reconciler/core/preview/preview_queue.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

using namespace std::chrono_literals;

class Queue : public ::testing::Test {
 protected:
  static PreviewVerdict verdict(PreviewResult result, const std::string& text = "a note") {
    return {result, "summary", text, "{}", text};
  }
  // The next ref, judged at once; "" = nothing now.
  std::string judge(PreviewResult result = PreviewResult::kChanges, const std::string& text = "a note") {
    const auto next = queue_.next(now_);
    if (!next) return "";
    const PreviewVerdict said = next->known.value_or(verdict(result, text));
    copied_ = next->known.has_value();
    news_ = queue_.done(next->commit, said, now_) != nullptr;
    now_ += 10s;
    return next->ref;
  }
  static std::map<std::string, CommitId> pulls(std::initializer_list<std::pair<int, const char*>> all) {
    std::map<std::string, CommitId> out;
    for (const auto& [number, commit] : all)
      out.emplace("refs/pull/" + std::to_string(number) + "/head", CommitId(commit));
    return out;
  }

  PreviewQueue queue_{{.most_refs = 3, .between = 2s, .retry = 60s, .longest_retry = 300s}};
  Instant now_{1h};
  bool news_ = false;
  bool copied_ = false;
};

TEST_F(Queue, NothingIsJudgedBeforeItIsKnownAgainstWhat) {
  queue_.listed(pulls({{1, "a"}}));
  EXPECT_EQ(judge(), "");
  EXPECT_EQ(queue_.next_due(now_), std::nullopt);
  queue_.set_world(CommitId("head"), "w1");
  EXPECT_EQ(queue_.next_due(now_), now_);
  EXPECT_EQ(judge(), "refs/pull/1/head");
  EXPECT_TRUE(news_);
}

TEST_F(Queue, TheHighestNumbersAreLookedAtAndTheRestIsCounted) {
  queue_.listed(pulls({{7, "a"}, {8, "b"}, {9, "c"}, {10, "d"}, {11, "e"}}));
  queue_.set_world(CommitId("head"), "w1");
  EXPECT_EQ(judge(), "refs/pull/11/head");
  EXPECT_EQ(judge(), "refs/pull/10/head");
  EXPECT_EQ(judge(), "refs/pull/9/head");
  EXPECT_EQ(judge(), "");
  EXPECT_EQ(queue_.left_out(), 2u);
  // One that moves is open, whatever its number.
  queue_.listed(pulls({{7, "z"}, {8, "b"}, {9, "c"}, {10, "d"}, {11, "e"}}));
  EXPECT_EQ(judge(), "refs/pull/7/head");
  EXPECT_EQ(queue_.refs(),
            (std::vector<std::string>{"refs/pull/7/head", "refs/pull/11/head", "refs/pull/10/head"}));
  EXPECT_TRUE(queue_.take_gone());
  EXPECT_FALSE(queue_.take_gone());
}

TEST_F(Queue, ACommitIsJudgedOnceForEachStateOfTheWorld) {
  queue_.listed(pulls({{1, "a"}, {2, "b"}}));
  queue_.set_world(CommitId("head"), "w1");
  EXPECT_EQ(judge(), "refs/pull/2/head");
  EXPECT_EQ(judge(), "refs/pull/1/head");
  EXPECT_EQ(judge(), "");
  queue_.listed(pulls({{1, "a"}, {2, "b"}}));
  queue_.set_world(CommitId("head"), "w1");
  EXPECT_EQ(judge(), "");
  queue_.set_world(CommitId("head2"), "w2");
  EXPECT_EQ(judge(), "refs/pull/2/head");
  EXPECT_FALSE(news_) << "it says the same as before";
  EXPECT_EQ(judge(PreviewResult::kConflict, "another"), "refs/pull/1/head");
  EXPECT_TRUE(news_);
  EXPECT_EQ(queue_.entries()[1]->base, CommitId("head2"));
}

TEST_F(Queue, WhatWasNeverJudgedGoesBeforeWhatIsJudgedAnew) {
  queue_.listed(pulls({{5, "a"}}));
  queue_.set_world(CommitId("head"), "w1");
  judge();
  queue_.listed(pulls({{5, "a"}, {1, "b"}}));
  queue_.set_world(CommitId("head"), "w2");
  EXPECT_EQ(judge(), "refs/pull/1/head");
  EXPECT_EQ(judge(), "refs/pull/5/head");
}

TEST_F(Queue, OneAtATimeAndWithAPauseBetween) {
  queue_.listed(pulls({{1, "a"}, {2, "b"}}));
  queue_.set_world(CommitId("head"), "w1");
  ASSERT_TRUE(queue_.next(now_));
  EXPECT_FALSE(queue_.next(now_ + 1h)) << "one is being judged";
  queue_.done(CommitId("b"), verdict(PreviewResult::kNothing), now_);
  EXPECT_FALSE(queue_.next(now_ + 1s));
  EXPECT_EQ(queue_.next_due(now_), now_ + 2s);
  EXPECT_TRUE(queue_.next(now_ + 2s));
}

TEST_F(Queue, TheSameCommitUnderAnotherNameIsNotJudgedAgain) {
  queue_.listed(pulls({{1, "a"}, {2, "a"}}));
  queue_.set_world(CommitId("head"), "w1");
  EXPECT_EQ(judge(PreviewResult::kHeld), "refs/pull/2/head");
  EXPECT_FALSE(copied_);
  EXPECT_EQ(judge(), "refs/pull/1/head");
  EXPECT_TRUE(copied_);
  EXPECT_EQ(queue_.entries()[1]->verdict.result, PreviewResult::kHeld);
}

TEST_F(Queue, WhatCannotBeJudgedIsTriedLaterAndLater) {
  queue_.listed(pulls({{1, "a"}}));
  queue_.set_world(CommitId("head"), "w1");
  EXPECT_EQ(judge(PreviewResult::kFailed), "refs/pull/1/head");  // now is 10 s after it
  EXPECT_EQ(judge(), "");
  const Instant first = now_ - 10s;
  EXPECT_EQ(queue_.next_due(now_), first + 60s);
  now_ = first + 60s;
  EXPECT_EQ(judge(PreviewResult::kFailed), "refs/pull/1/head");
  EXPECT_FALSE(news_);
  EXPECT_EQ(queue_.next_due(now_), first + 60s + 120s);
  for (int i = 0; i < 5; ++i) {
    now_ = *queue_.next_due(now_);
    judge(PreviewResult::kFailed);
  }
  EXPECT_EQ(*queue_.next_due(now_), now_ - 10s + 300s) << "no longer than that";
  queue_.set_world(CommitId("head"), "w2");
  EXPECT_EQ(judge(), "refs/pull/1/head") << "another world, another try";
}

TEST_F(Queue, ARefThatMovesWhileItIsFetchedIsJudgedWhereItIs) {
  queue_.listed(pulls({{1, "a"}}));
  queue_.set_world(CommitId("head"), "w1");
  ASSERT_TRUE(queue_.next(now_));
  queue_.done(CommitId("b"), verdict(PreviewResult::kNothing), now_);
  EXPECT_EQ(queue_.entries()[0]->commit, CommitId("b"));
  now_ += 1h;
  EXPECT_EQ(judge(), "");
  queue_.listed(pulls({{1, "b"}}));
  EXPECT_EQ(judge(), "");
}

TEST_F(Queue, ARefThatVanishesWhileItIsJudgedIsForgotten) {
  queue_.listed(pulls({{1, "a"}}));
  queue_.set_world(CommitId("head"), "w1");
  ASSERT_TRUE(queue_.next(now_));
  queue_.listed({});
  EXPECT_EQ(queue_.done(CommitId("a"), verdict(PreviewResult::kNothing), now_), nullptr);
  EXPECT_TRUE(queue_.entries().empty());
  EXPECT_TRUE(queue_.take_gone());
}

TEST_F(Queue, AVerdictIsOfTheWorldItWasBegunIn) {
  queue_.listed(pulls({{1, "a"}}));
  queue_.set_world(CommitId("head"), "w1");
  ASSERT_TRUE(queue_.next(now_));
  queue_.set_world(CommitId("head2"), "w2");
  queue_.done(CommitId("a"), verdict(PreviewResult::kNothing), now_);
  EXPECT_EQ(queue_.entries()[0]->base, CommitId("head"));
  now_ += 1h;
  EXPECT_EQ(judge(), "refs/pull/1/head");
  EXPECT_EQ(queue_.entries()[0]->base, CommitId("head2"));
}

}  // namespace
}  // namespace maand
