#include "reconciler/app/inbox.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

using namespace std::chrono_literals;

const Instant kNever = Instant::max();

TEST(Inbox, RunsWhatWasPostedInItsOrder) {
  Inbox inbox;
  std::string ran;
  for (const char* word : {"a", "b", "c"}) inbox.post([&ran, word] { ran += word; });
  EXPECT_TRUE(inbox.serve(kNever));
  EXPECT_EQ(ran, "abc");
  EXPECT_FALSE(inbox.serve(Instant{})) << "nothing is left, and the deadline is over";
}

TEST(Inbox, WhatOneMessageThrowsKeepsNoOtherFromBeingServed) {
  Inbox inbox;
  std::string order;
  inbox.post([&] { order += "a"; });
  inbox.post([] { throw std::runtime_error("told to fail"); });
  inbox.post([&] { order += "b"; });
  EXPECT_THROW(inbox.serve(inbox.now()), std::runtime_error);
  EXPECT_EQ(order, "a");
  inbox.post([&] { order += "c"; });
  inbox.serve(inbox.now());
  EXPECT_EQ(order, "abc");
}

TEST(Inbox, RunsWhatIsDueBeforeTheDeadlineAndInTheOrderOfItsTime) {
  Inbox inbox;
  std::string ran;
  const Instant now = std::chrono::steady_clock::now();
  inbox.post_at(now + 2ms, [&] { ran += "later"; });
  inbox.post_at(now - 1ms, [&] { ran += "first "; });
  inbox.post_at(now + 24h, [&] { ran += "never"; });
  while (ran.size() < 11) EXPECT_TRUE(inbox.serve(now + 1h));
  EXPECT_EQ(ran, "first later");
  EXPECT_FALSE(inbox.serve(now));
}

TEST(Inbox, WhatADueMessagePostsIsNotLost) {
  Inbox inbox;
  int ran = 0;
  inbox.post_at(Instant{}, [&] { inbox.post_at(Instant{}, [&] { inbox.post([&] { ++ran; }); }); });
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(inbox.serve(kNever));
  EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace maand
