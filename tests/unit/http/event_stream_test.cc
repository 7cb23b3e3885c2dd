#include "reconciler/http/event_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/http/reply_stream.h"

namespace maand {
namespace {

using testing::HasSubstr;

// Keeps the newest three.
class FakeFeed : public EventFeed {
 public:
  void happen(const std::string& kind) {
    kept_.push_back(std::make_shared<FedEvent>(FedEvent{++newest_, kind, "{}"}));
    if (kept_.size() > 3) kept_.erase(kept_.begin());
  }
  const std::string& start() const override { return start_; }
  std::uint64_t newest() const override { return newest_; }
  std::uint64_t oldest() const override { return newest_ + 1 - kept_.size(); }
  std::vector<std::shared_ptr<const FedEvent>> after(std::uint64_t number, std::size_t most) const override {
    std::vector<std::shared_ptr<const FedEvent>> out;
    for (const auto& event : kept_) {
      if (event->number > number && out.size() < most) out.push_back(event);
    }
    return out;
  }
  int on_news(std::function<void()>) override { return 1; }
  void forget(int) override {}

 private:
  const std::string start_ = "100";
  std::uint64_t newest_ = 0;
  std::vector<std::shared_ptr<const FedEvent>> kept_;
};

// `1:a 2:b`, a reset as `3:reset`.
std::string brief(const std::string& text) {
  std::string out, id;
  for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string line = text.substr(begin, end - begin);
    if (line.starts_with("id: 100-")) id = line.substr(8);
    if (line.starts_with("event: ")) out += (out.empty() ? "" : " ") + id + ":" + line.substr(7);
  }
  return out;
}

HttpRequest request(const std::string& after, const std::string& header = "") {
  HttpRequest out;
  out.method = "GET";
  out.path = "/api/v1/events";
  if (!after.empty()) out.query.emplace("after", after);
  if (!header.empty()) out.headers.emplace("last-event-id", header);
  return out;
}

TEST(EventStream, Begins_where_it_is_asked_to_and_says_so_when_it_cannot) {
  struct Row {
    const char* after;
    const char* header;
    const char* sent;  // of events 1 to 5, of which 3 to 5 are kept
  };
  const Row table[] = {
      {"", "", ""},
      {"0", "", "3:c 4:d 5:e"},
      {"100-5", "", ""},
      {"100-4", "", "5:e"},
      {"100-2", "", "3:c 4:d 5:e"},
      {"100-1", "", "5:reset"},   // 2 is gone
      {"99-4", "", "5:reset"},    // another start of the daemon
      {"100-6", "", "5:reset"},   // has not happened
      {"100-2", "100-4", "5:e"},  // a browser that reconnects
      {"", "99-1", "5:reset"},
  };
  FakeFeed feed;
  for (const char* kind : {"a", "b", "c", "d", "e"}) feed.happen(kind);
  for (const Row& row : table) {
    const HttpReply reply = event_reply(feed, request(row.after, row.header));
    ASSERT_TRUE(reply.stream) << row.after;
    EXPECT_EQ(brief(reply.stream->take(1 << 20)), row.sent) << row.after << " " << row.header;
    EXPECT_EQ(reply.stream->take(1 << 20), "");
  }
}

TEST(EventStream, Goes_on_with_what_happens_in_pieces_that_fit) {
  FakeFeed feed;
  const HttpReply reply = event_reply(feed, request(""));
  feed.happen("a");
  EXPECT_EQ(reply.stream->take(1 << 20), "id: 100-1\nevent: a\ndata: {}\n\n");
  feed.happen("b");
  EXPECT_EQ(brief(reply.stream->take(1)), "2:b");
  EXPECT_EQ(reply.stream->take(1 << 20), "");
  EXPECT_EQ(reply.stream->heartbeat()[0], ':');  // a comment
}

TEST(EventStream, Who_falls_behind_what_is_kept_begins_anew) {
  FakeFeed feed;
  const HttpReply reply = event_reply(feed, request("0"));
  feed.happen("a");
  EXPECT_EQ(brief(reply.stream->take(1 << 20)), "1:a");
  for (int i = 0; i < 4; ++i) feed.happen("x");
  EXPECT_EQ(brief(reply.stream->take(1 << 20)), "5:reset");
  feed.happen("b");
  EXPECT_EQ(brief(reply.stream->take(1 << 20)), "6:b");
}

TEST(EventStream, What_is_no_id_is_refused) {
  FakeFeed feed;
  for (const char* id : {"1", "100", "100-", "100-x", "100-1x", "-", "100-99999999999999999999999"}) {
    EXPECT_EQ(event_reply(feed, request(id)).status, 400) << id;
  }
}

TEST(EventStream, May_end_with_the_newest) {
  FakeFeed feed;
  feed.happen("a");
  HttpRequest asked = request("0");
  asked.query.emplace("wait", "no");
  const HttpReply reply = event_reply(feed, asked);
  EXPECT_FALSE(reply.stream);
  EXPECT_EQ(brief(reply.body), "1:a");
  EXPECT_THAT(reply.content_type, HasSubstr("text/event-stream"));
}

}  // namespace
}  // namespace maand
