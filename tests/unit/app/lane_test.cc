#include "reconciler/app/lane_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace maand {
namespace {

TEST(Lane, RunsOnAnotherThreadAndGivesBackTheResult) {
  Inbox inbox;
  LaneThread lane(inbox);
  const auto here = std::this_thread::get_id();
  EXPECT_NE(lane.await([] { return std::this_thread::get_id(); }), here);
}

TEST(Lane, ThrowsWhatTheCallThrew) {
  Inbox inbox;
  LaneThread lane(inbox);
  EXPECT_THROW(lane.await([] { throw std::runtime_error("no"); }), std::runtime_error);
}

TEST(Lane, ServesTheInboxWhileItWaits_R6_1) {
  Inbox inbox;
  LaneThread lane(inbox);
  std::atomic<bool> served = false;
  inbox.post([&] { served = true; });
  // The call ends only once the message was served on this thread.
  lane.await([&] {
    while (!served) std::this_thread::yield();
  });
  EXPECT_TRUE(served);
}

TEST(Lane, CallsRunInTheirOrder) {
  Inbox inbox;
  LaneThread lane(inbox);
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) lane.start([&order, i] { order.push_back(i); }, [](std::exception_ptr) {});
  lane.await([] {});
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(Inbox, ServeEndsAtItsDeadlineWhenNothingArrives) {
  Inbox inbox;
  EXPECT_FALSE(inbox.serve(std::chrono::steady_clock::now()));
  inbox.post([] {});
  EXPECT_TRUE(inbox.serve(std::chrono::steady_clock::now()));
}

}  // namespace
}  // namespace maand
