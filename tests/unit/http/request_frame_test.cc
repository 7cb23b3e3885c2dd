#include "reconciler/http/request_frame.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

using State = RequestFrame::State;

// As a loop would: never more than there is room for.
State feed(RequestFrame& frame, std::string_view bytes) {
  State state = frame.state();
  while (!bytes.empty() && frame.room() > 0) {
    const std::size_t count = std::min(bytes.size(), frame.room());
    state = frame.add(bytes.substr(0, count));
    bytes.remove_prefix(count);
  }
  return state;
}

TEST(RequestFrame, Finds_the_same_end_however_the_bytes_come) {
  const std::string head = "POST /a HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string all = head + "hello" + "GET /next";
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    RequestFrame frame(1024);
    State state = feed(frame, all.substr(0, cut));
    for (const char c : all.substr(cut)) {
      if (state == State::kJudge) state = frame.expect(5);
      state = frame.room() > 0 ? frame.add({&c, 1}) : state;
    }
    if (state == State::kJudge) state = frame.expect(5);
    EXPECT_EQ(state, State::kWhole) << cut;
    EXPECT_EQ(frame.head(), head) << cut;
    EXPECT_EQ(frame.take_body(), "hello") << cut;
  }
}

TEST(RequestFrame, Begins_with_a_method_and_ends_its_head_with_a_blank_line) {
  struct Row {
    std::string bytes;
    State state;
  };
  const Row table[] = {
      {"", State::kHead},
      {"G", State::kHead},
      {"GET / HTTP/1.1\r\n\r", State::kHead},
      {"GET / HTTP/1.1\n\n", State::kHead},  // httplib takes no bare line feeds
      {"GET / HTTP/1.1\r\n\r\n", State::kJudge},
      {std::string("\x16\x03\x01", 3), State::kNoHttp},  // a TLS greeting
      {"\r\n\r\n", State::kNoHttp},
      {"get / HTTP/1.1\r\n\r\n", State::kNoHttp},
      {std::string("\0", 1), State::kNoHttp},
  };
  for (const Row& row : table) {
    RequestFrame frame(64);
    EXPECT_EQ(feed(frame, row.bytes), row.state) << row.bytes;
  }
}

TEST(RequestFrame, A_head_has_a_limit_that_counts_every_byte) {
  const std::string head = "GET / HTTP/1.1\r\n\r\n";
  RequestFrame exact(head.size());
  EXPECT_EQ(feed(exact, head), State::kJudge);
  RequestFrame less(head.size() - 1);
  EXPECT_EQ(feed(less, head), State::kHeadTooLarge);
  EXPECT_EQ(less.room(), 0u);
}

TEST(RequestFrame, No_more_is_taken_than_was_announced) {
  RequestFrame frame(64);
  feed(frame, "POST / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(frame.expect(3), State::kBody);
  EXPECT_EQ(frame.room(), 3u);
  EXPECT_EQ(feed(frame, "abcdef"), State::kWhole);
  EXPECT_EQ(frame.room(), 0u);
  EXPECT_EQ(frame.take_body(), "abc");
  EXPECT_LT(frame.buffered_bytes(), 64u);
}

}  // namespace
}  // namespace maand
