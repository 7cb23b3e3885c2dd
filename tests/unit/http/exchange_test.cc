// One connection, with time as an argument.
#include "reconciler/http/exchange.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reconciler/http/answer_text.h"

namespace maand {
namespace {

using Step = Exchange::Step;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

struct Scripted : ReplyStream {
  std::string next;
  std::string take(std::size_t most) override {
    const std::string out = next.substr(0, most);
    next.erase(0, out.size());
    return out;
  }
  std::string heartbeat() const override { return "beat"; }
};

class ExchangeTest : public testing::Test {
 protected:
  ExchangeTest() {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) std::abort();
    client_ = fds[1];
    exchange_ = std::make_unique<Exchange>(fds[0], nullptr, limits_, now_);
  }
  ~ExchangeTest() override {
    if (client_ >= 0) ::close(client_);
  }
  void send(std::string_view text) {
    ASSERT_EQ(::send(client_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  std::string received() {
    std::string out;
    char piece[65536];
    for (ssize_t got = 0; (got = ::recv(client_, piece, sizeof piece, 0)) > 0;) {
      out.append(piece, static_cast<std::size_t>(got));
    }
    return out;
  }
  Step advance() { return exchange_->advance(heads_, now_); }
  void ask() {
    send("GET / HTTP/1.1\r\n\r\n");
    ASSERT_EQ(advance(), Step::kServe);
    exchange_->take_request();
  }

  HttpLimits limits_;
  HeadReader heads_{limits_};
  Exchange::Time now_{std::chrono::hours(1)};
  int client_ = -1;
  std::unique_ptr<Exchange> exchange_;
};

TEST_F(ExchangeTest, Reads_serves_answers_and_says_goodbye) {
  EXPECT_EQ(exchange_->due(), now_ + limits_.listener.deadline);
  send("GET /a HT");
  EXPECT_EQ(advance(), Step::kWait);
  EXPECT_TRUE(exchange_->wants_read());
  send("TP/1.1\r\n\r\n");
  EXPECT_EQ(advance(), Step::kServe);
  EXPECT_EQ(exchange_->take_request().request.path, "/a");
  EXPECT_FALSE(exchange_->wants_read());
  now_ += seconds(3);
  EXPECT_EQ(exchange_->answer({answer_text({200, "body"}), nullptr}, now_), Step::kWait);
  EXPECT_THAT(received(), HasSubstr("\r\n\r\nbody"));
  // What the client still sends is taken for a moment, not for ever.
  EXPECT_LT(exchange_->due(), now_ + seconds(1));
  send("more");
  EXPECT_EQ(advance(), Step::kWait);
  ::close(std::exchange(client_, -1));
  EXPECT_EQ(advance(), Step::kEnd);
}

TEST_F(ExchangeTest, A_client_that_leaves_half_way_ends_it) {
  send("GET /a HT");
  ::close(std::exchange(client_, -1));
  EXPECT_EQ(advance(), Step::kEnd);
}

TEST_F(ExchangeTest, A_refusal_waits_for_no_body) {
  send("POST / HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n");
  EXPECT_EQ(advance(), Step::kWait);
  EXPECT_THAT(received(), StartsWith("HTTP/1.1 413"));
}

TEST_F(ExchangeTest, A_body_is_held_only_as_long_as_it_is_needed) {
  const std::string body(60'000, ' ');
  send("POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n" + body);
  EXPECT_EQ(advance(), Step::kServe);
  EXPECT_EQ(exchange_->take_request().request.body, body);
  EXPECT_GE(exchange_->buffered_bytes(), body.size()) << "the handler has it still";
  EXPECT_EQ(exchange_->answer({answer_text({200, ""}), nullptr}, now_), Step::kWait);
  EXPECT_LT(exchange_->buffered_bytes(), 1024u);
}

TEST_F(ExchangeTest, An_answer_that_is_not_taken_is_waited_for_until_its_deadline) {
  ask();
  now_ += seconds(5);
  EXPECT_EQ(exchange_->answer({std::string(8u << 20, 'x'), nullptr}, now_), Step::kWait);
  EXPECT_TRUE(exchange_->wants_write());
  EXPECT_EQ(exchange_->due(), now_ + limits_.listener.deadline);
}

TEST_F(ExchangeTest, A_silent_stream_beats_every_15_seconds_and_says_nothing_before) {
  const auto stream = std::make_shared<Scripted>();
  ask();
  EXPECT_EQ(exchange_->answer({"head", stream}, now_), Step::kWait);
  EXPECT_EQ(received(), "head");
  EXPECT_EQ(exchange_->due(), now_ + seconds(15));
  now_ += seconds(14);
  EXPECT_EQ(exchange_->pull(now_), Step::kWait);
  EXPECT_EQ(received(), "");
  now_ += seconds(1);
  EXPECT_EQ(exchange_->pull(now_), Step::kWait);
  EXPECT_EQ(received(), "beat");
  now_ += seconds(10);
  stream->next = "news";
  EXPECT_EQ(exchange_->pull(now_), Step::kWait);
  EXPECT_EQ(received(), "news");
  EXPECT_EQ(exchange_->due(), now_ + seconds(15)) << "news are as good as a beat";
}

TEST_F(ExchangeTest, A_stream_whose_client_does_not_read_holds_little_and_ends) {
  const auto stream = std::make_shared<Scripted>();
  ask();
  exchange_->answer({"head", stream}, now_);
  stream->next = std::string(8u << 20, 'x');
  EXPECT_EQ(exchange_->pull(now_), Step::kWait);
  EXPECT_TRUE(exchange_->wants_write());
  EXPECT_LT(exchange_->buffered_bytes(), 256u * 1024);
  EXPECT_GT(stream->next.size(), 4u << 20) << "it was pulled although nobody takes it";
  now_ += ReplyStream::kPatience - seconds(1);
  EXPECT_EQ(exchange_->pull(now_), Step::kWait);
  now_ += seconds(1);
  EXPECT_EQ(exchange_->pull(now_), Step::kEnd);
}

TEST_F(ExchangeTest, A_client_that_talks_into_its_stream_is_let_go) {
  ask();
  exchange_->answer({"head", std::make_shared<Scripted>()}, now_);
  send("x");
  EXPECT_EQ(advance(), Step::kWait);
  send(std::string(70'000, 'x'));
  while (advance() == Step::kWait) {
  }
  EXPECT_EQ(advance(), Step::kEnd);
}

}  // namespace
}  // namespace maand
