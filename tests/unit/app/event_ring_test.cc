#include "reconciler/app/event_ring.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace maand {
namespace {

class SetClock : public Clock {
 public:
  Instant now() const override { return {}; }
  WallTime wall() const override { return WallTime(std::chrono::milliseconds(1'764'160'200'123)); }
};

class EventRingTest : public ::testing::Test {
 protected:
  void tell(const std::string& text) { ring_.on({.kind = EventKind::kNotice, .text = text}); }

  SetClock clock_;
  EventRing ring_{clock_};
};

TEST_F(EventRingTest, Numbers_events_and_gives_those_behind_a_number) {
  EXPECT_EQ(ring_.newest(), 0u);
  EXPECT_EQ(ring_.oldest(), 1u);
  EXPECT_TRUE(ring_.after(0, 10).empty());
  for (const char* text : {"a", "b", "c"}) tell(text);
  EXPECT_EQ(ring_.newest(), 3u);
  const auto events = ring_.after(1, 10);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0]->number, 2u);
  EXPECT_EQ(events[0]->kind, "notice");
  EXPECT_EQ(ring_.after(0, 1)[0]->number, 1u);
  EXPECT_TRUE(ring_.after(3, 10).empty());
  EXPECT_TRUE(ring_.after(99, 10).empty());
}

TEST_F(EventRingTest, Keeps_the_newest) {
  for (std::size_t i = 0; i < EventRing::kKept + 10; ++i) tell("x");
  EXPECT_EQ(ring_.oldest(), 11u);
  EXPECT_EQ(ring_.after(0, 1)[0]->number, 11u);
  EXPECT_EQ(ring_.after(EventRing::kKept + 9, 10).size(), 1u);
}

TEST_F(EventRingTest, Says_what_is_set_as_one_line_of_JSON) {
  const Event full{.kind = EventKind::kOperationEnded,
                   .commit = CommitId("c1"),
                   .job = JobName("api"),
                   .worker = WorkerHost("10.0.0.1"),
                   .operation = OperationId("o1"),
                   .action = "restart",
                   .reason = "VersionChanged",
                   .outcome = "succeeded",
                   .text = "a\n\xff",
                   .duration = std::chrono::milliseconds(812)};
  ring_.on(full);
  EXPECT_EQ(
      ring_.after(0, 1)[0]->json,
      "{\"at\":\"2025-11-26T12:30:00.123Z\",\"kind\":\"operation_ended\",\"commit\":\"c1\",\"job\":\"api\","
      "\"worker\":\"10.0.0.1\",\"operation\":\"o1\",\"action\":\"restart\",\"reason\":\"VersionChanged\","
      "\"outcome\":\"succeeded\",\"duration_ms\":812,\"text\":\"a\\n\xEF\xBF\xBD\"}");
  ring_.on({.kind = EventKind::kNotice});
  EXPECT_EQ(ring_.after(1, 1)[0]->json, "{\"at\":\"2025-11-26T12:30:00.123Z\",\"kind\":\"notice\"}");
}

TEST_F(EventRingTest, Wakes_whoever_listens_until_they_leave) {
  int first = 0, second = 0;
  const int one = ring_.on_news([&] { ++first; });
  ring_.on_news([&] { ++second; });
  tell("a");
  ring_.forget(one);
  tell("b");
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 2);
}

TEST_F(EventRingTest, Is_told_and_read_by_many_at_once) {
  std::atomic<bool> done{false};
  std::uint64_t seen = 0;
  std::thread reader([&] {
    bool last = false;
    while (!last) {
      last = done;
      for (const auto& event : ring_.after(seen, 100)) {
        EXPECT_GT(event->number, seen);
        seen = event->number;
      }
      last = last && seen == ring_.newest();
    }
  });
  std::vector<std::thread> tellers;
  for (int i = 0; i < 4; ++i) {
    tellers.emplace_back([&] {
      for (int k = 0; k < 500; ++k) tell("x");
    });
  }
  for (std::thread& teller : tellers) teller.join();
  done = true;
  reader.join();
  EXPECT_EQ(seen, 2000u);
}

}  // namespace
}  // namespace maand
