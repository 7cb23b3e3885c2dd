// An announced commit that the ref does not show yet, and heads that nobody announced (R1.1).
#include <gtest/gtest.h>

#include "reconciler/core/webhook/announced_heads.h"
#include "reconciler/core/webhook/ref_wait.h"

namespace maand {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Instant = RefWait::Instant;
using Next = RefWait::Next;
constexpr Instant kStart{};
const CommitId kOld("old");
const CommitId kAnnounced("announced");
const CommitId kOther("other");

TEST(RefWait, ReadsAgainAfterPausesThatGrowAndThenGivesUp) {
  RefWait wait(kAnnounced, kOld, kStart);
  Instant at = kStart;
  for (const int pause : {200, 500, 1000, 2000}) {
    at += milliseconds(pause);
    EXPECT_EQ(wait.next(), at);
    EXPECT_EQ(wait.saw(kOld, false, at), Next::kReadAgain);
  }
  EXPECT_EQ(wait.next(), at + milliseconds(4000));
  EXPECT_EQ(wait.saw(kOld, false, wait.next()), Next::kGivenUp);
}

TEST(RefWait, EndsWithTheCommitOrOneThatTheRefMovedPast) {
  const struct {
    CommitId announced;
    CommitId head;
    bool fetched;
    Next next;
  } table[] = {
      {kAnnounced, kAnnounced, false, Next::kOver},
      {kAnnounced, kOther, true, Next::kOver},
      // Two pushes within a moment: the head of the first shows before that of the second.
      {kAnnounced, kOther, false, Next::kReadAgain},
      {kAnnounced, kOld, false, Next::kReadAgain},
      // The mirror has it from before and the branch was forced back to it, or its webhook came late.
      {kAnnounced, kOld, true, Next::kReadAgain},
      // The remote did not answer.
      {kAnnounced, CommitId(), false, Next::kReadAgain},
      // A delivery that names no commit: any other head is what it spoke of.
      {CommitId(), kOld, false, Next::kReadAgain},
      {CommitId(), kOther, false, Next::kOver},
  };
  for (const auto& row : table) {
    RefWait wait(row.announced, kOld, kStart);
    EXPECT_EQ(wait.saw(row.head, row.fetched, wait.next()), row.next)
        << row.announced.str() << " " << row.head.str() << row.fetched;
  }
}

TEST(RefWait, NothingIsToldOfWhatTheMirrorHasOrWhereTheRefMoved) {
  const auto last = [](const CommitId& head, bool fetched) {
    RefWait wait(kAnnounced, kOld, kStart);
    Next next = Next::kReadAgain;
    for (std::size_t i = 0; i < RefWait::kPauses.size(); ++i) next = wait.saw(head, fetched, wait.next());
    return next;
  };
  EXPECT_EQ(last(kOld, false), Next::kGivenUp);
  EXPECT_EQ(last(CommitId(), false), Next::kGivenUp);
  EXPECT_EQ(last(kOld, true), Next::kOver);
  EXPECT_EQ(last(kOther, false), Next::kOver);
}

TEST(AnnouncedHeads, AHeadThatNobodyAnnouncedIsMissedOnceItsGraceIsOver) {
  AnnouncedHeads heads(seconds(60));
  heads.seen(CommitId("first"), kStart);
  EXPECT_FALSE(heads.next_due()) << "the first was pushed when nobody listened";
  heads.seen(CommitId("a"), kStart + seconds(1));
  heads.seen(CommitId("a"), kStart + seconds(30));
  EXPECT_EQ(heads.next_due(), kStart + seconds(61));
  EXPECT_TRUE(heads.missed(kStart + seconds(60)).empty());
  EXPECT_EQ(heads.missed(kStart + seconds(61)), std::vector{CommitId("a")});
  EXPECT_TRUE(heads.missed(kStart + seconds(1000)).empty()) << "each once";
  EXPECT_EQ(heads.in_a_row(), 1);
}

TEST(AnnouncedHeads, AWebhookMayComeBeforeOrALittleAfterPolling) {
  AnnouncedHeads heads(seconds(60));
  heads.seen(CommitId("first"), kStart);
  heads.announced(CommitId("before"), kStart);
  heads.seen(CommitId("before"), kStart + seconds(1));
  heads.seen(CommitId("after"), kStart + seconds(2));
  heads.announced(CommitId("after"), kStart + seconds(61));
  EXPECT_TRUE(heads.missed(kStart + seconds(1000)).empty());
}

TEST(AnnouncedHeads, AnAnnouncementEndsTheRow) {
  AnnouncedHeads heads(seconds(1));
  heads.seen(CommitId("first"), kStart);
  for (int i = 1; i <= 3; ++i) {
    heads.seen(CommitId("missed " + std::to_string(i)), kStart);
    heads.missed(kStart + seconds(1));
    EXPECT_EQ(heads.in_a_row(), i);
  }
  heads.announced(CommitId("heard"), kStart);
  EXPECT_EQ(heads.in_a_row(), 0);
}

TEST(AnnouncedHeads, OneThatNamesNoCommitIsOfTheHeadsAroundIt) {
  AnnouncedHeads heads(seconds(60));
  heads.seen(CommitId("first"), kStart);
  heads.seen(CommitId("before"), kStart);
  heads.announced({}, kStart + seconds(1));
  heads.seen(CommitId("after"), kStart + seconds(61));
  EXPECT_FALSE(heads.next_due());
  heads.seen(CommitId("long after"), kStart + seconds(62));
  EXPECT_TRUE(heads.next_due());
}

TEST(AnnouncedHeads, AreBounded) {
  AnnouncedHeads heads(seconds(60));
  for (int i = 0; i < 2000; ++i) {
    heads.announced(CommitId("announced " + std::to_string(i)), kStart);
    heads.seen(CommitId("seen " + std::to_string(i)), kStart);
  }
  EXPECT_EQ(heads.missed(kStart + seconds(60)).size(), AnnouncedHeads::kMostKept);
}

}  // namespace
}  // namespace maand
