// Slow clients cost no thread, and honest ones are served beside them.
#include "reconciler/http/intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>

#include "reconciler/http/server.h"
#include "tests/support/raw_socket.h"
#include "tests/unit/http/http_fixture.h"

namespace maand {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

HttpReply hello(const HttpRequest&) { return {200, "hello"}; }

std::unique_ptr<HttpServer> serve(const HttpLimits& limits, HttpServer::Handler handler = hello) {
  return std::make_unique<HttpServer>(ListeningSocket::tcp("127.0.0.1:0"), limits, std::move(handler));
}

// A handler that waits until it is let go.
class Gate {
 public:
  HttpReply operator()() {
    std::unique_lock lock(mutex_);
    ++inside_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    return {200, "let go"};
  }
  void wait_for(int inside) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return inside_ >= inside; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
  bool open_ = false;
};

TEST(Intake, A_client_that_drips_is_cut_off_at_the_deadline) {
  HttpLimits limits;
  limits.listener.deadline = std::chrono::milliseconds(50);
  const auto server = serve(limits);
  RawSocket socket(server->port());
  socket.send("G");
  EXPECT_EQ(socket.read_all(), "");  // returns: the other side closed
}

TEST(Intake, A_request_that_comes_byte_by_byte_is_served) {
  HttpLimits limits;
  limits.listener.threads = 1;
  const auto server = serve(limits, [](const HttpRequest& request) { return HttpReply{200, request.body}; });
  RawSocket slow(server->port());
  const std::string request =
      "POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n{  }";
  for (const char c : request) {
    ASSERT_TRUE(slow.send({&c, 1}));
    // The only thread is free for others in between.
    EXPECT_THAT(get(server->port(), "/"), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_THAT(slow.read_all(), HasSubstr("\r\n\r\n{  }"));
}

TEST(Intake, Clients_that_drip_from_the_same_address_lock_nobody_out) {
  HttpLimits limits;
  limits.listener.threads = 1;
  limits.listener.connections = 16;
  limits.listener.per_source = 16;  // the share of a source does not help here
  const auto server = serve(limits);
  std::deque<RawSocket> drippers;
  for (int i = 0; i < 100; ++i) {
    drippers.emplace_back(server->port());
    drippers.back().send("G");
    if (i % 10 == 0) {
      EXPECT_THAT(get(server->port(), "/"), StartsWith("HTTP/1.1 200")) << i;
    }
  }
  EXPECT_THAT(get(server->port(), "/"), StartsWith("HTTP/1.1 200"));
  // The oldest were let go, the youngest are here.
  EXPECT_EQ(drippers.front().read_all(), "");
  EXPECT_TRUE(drippers.back().still_waiting());
}

TEST(Intake, A_source_with_more_than_its_share_displaces_its_own_oldest) {
  HttpLimits limits;
  limits.listener.per_source = 4;
  const auto server = serve(limits);
  std::deque<RawSocket> clients;
  for (int i = 0; i < 5; ++i) clients.emplace_back(server->port());
  EXPECT_EQ(clients.front().read_all(), "");
  EXPECT_TRUE(clients.back().still_waiting());
}

TEST(Intake, Who_is_being_served_is_never_displaced_and_one_more_is_told_to_come_back) {
  Gate gate;
  HttpLimits limits;
  limits.listener.threads = 2;
  limits.listener.connections = 2;
  const auto server = serve(limits, [&](const HttpRequest&) { return gate(); });
  RawSocket first(server->port());
  RawSocket second(server->port());
  first.send("GET / HTTP/1.1\r\n\r\n");
  second.send("GET / HTTP/1.1\r\n\r\n");
  gate.wait_for(2);
  EXPECT_THAT(RawSocket(server->port()).read_all(), StartsWith("HTTP/1.1 503"));
  gate.open();
  EXPECT_THAT(first.read_all(), HasSubstr("let go"));
  EXPECT_THAT(second.read_all(), HasSubstr("let go"));
}

TEST(Intake, Requests_beyond_pool_and_queue_are_answered_at_once) {
  Gate gate;
  HttpLimits limits;
  limits.listener.threads = 1;
  limits.listener.queued = 1;
  const auto server = serve(limits, [&](const HttpRequest&) { return gate(); });
  std::deque<RawSocket> clients;
  clients.emplace_back(server->port());
  clients.back().send("GET / HTTP/1.1\r\n\r\n");
  gate.wait_for(1);
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(server->port());
    clients.back().send("GET / HTTP/1.1\r\n\r\n");
  }
  // One is served and one waits; which of the others that is is nobody's promise.
  int refused = 0;
  while (refused < 2) {
    refused = 0;
    for (const RawSocket& client : clients) refused += client.still_waiting() ? 0 : 1;
  }
  for (RawSocket& client : clients) {
    if (client.still_waiting()) continue;
    const std::string answer = client.read_all();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503"));
    EXPECT_THAT(answer, HasSubstr("Retry-After: 1\r\n"));
  }
  gate.open();
}

TEST(Intake, Clients_that_do_not_read_their_answers_share_a_bounded_memory) {
  HttpLimits limits;
  limits.listener.buffered_bytes = 32u << 20;
  const auto server = serve(limits, [](const HttpRequest&) {
    return HttpReply{200, std::string(12u << 20, 'x')};
  });
  std::deque<RawSocket> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back(server->port());
    clients.back().send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_THAT(clients.back().read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_LT(clients.front().read_all().size(), 12u << 20) << "nobody gave way";
  EXPECT_EQ(clients.back().read_all().size(), 12u << 20);
}

TEST(Intake, A_client_that_leaves_while_it_is_served_harms_nobody) {
  Gate gate;
  HttpLimits limits;
  limits.listener.threads = 1;
  const auto server = serve(limits, [&](const HttpRequest&) { return gate(); });
  {
    RawSocket gone(server->port());
    gone.send("GET / HTTP/1.1\r\n\r\n");
    gate.wait_for(1);
  }
  gate.open();
  EXPECT_THAT(get(server->port(), "/"), StartsWith("HTTP/1.1 200"));
}

TEST(Intake, What_is_no_HTTP_is_told_at_once) {
  HttpLimits limits;
  limits.max_header_bytes = 1024;
  const auto server = serve(limits);
  EXPECT_THAT(ask(server->port(), std::string("\x16\x03\x01\x00\xa5", 5)), HasSubstr("is it TLS"));
  EXPECT_THAT(ask(server->port(), "GET /" + std::string(2000, 'a')), StartsWith("HTTP/1.1 431"));
}

TEST(Intake, A_body_of_any_type_arrives_as_it_was_sent_where_that_is_allowed) {
  HttpLimits limits;
  limits.json_only = false;
  const auto server = serve(limits, [](const HttpRequest& r) {
    return HttpReply{200, r.body + " " + std::to_string(r.query.size())};
  });
  const std::string body("payload=%7B%7D&a=\0b", 19);
  EXPECT_THAT(ask(server->port(),
                  "POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                  "Content-Length: 19\r\n\r\n" +
                      body),
              HasSubstr(body + " 0"));
}

TEST(Intake, An_answer_that_the_client_has_is_not_sent_again) {
  const auto server = serve({}, [](const HttpRequest&) {
    HttpReply reply{200, "body"};
    reply.headers.emplace_back("ETag", "W/\"7\"");
    return reply;
  });
  EXPECT_THAT(get(server->port(), "/"), HasSubstr("ETag: W/\"7\""));
  EXPECT_THAT(get(server->port(), "/", "If-None-Match: W/\"7\"\r\n"),
              StartsWith("HTTP/1.1 304 Not Modified\r\n"));
  EXPECT_THAT(ask(server->port(), "HEAD / HTTP/1.1\r\n\r\n"), testing::EndsWith("\r\n\r\n"));
}

// ---- streams ------------------------------------------------------------------

// Says what it is given, to every stream.
class Channel {
 public:
  void say(const std::string& text) {
    const std::lock_guard lock(mutex_);
    said_ += text;
  }
  HttpReply open() {
    struct Stream : ReplyStream {
      explicit Stream(Channel& from) : channel(from) {}
      std::string take(std::size_t most) override {
        const std::lock_guard lock(channel.mutex_);
        const std::string out = channel.said_.substr(std::min(at, channel.said_.size()), most);
        at += out.size();
        return out;
      }
      std::string heartbeat() const override { return ":\n"; }
      Channel& channel;
      std::size_t at = 0;
    };
    HttpReply reply{200, "begin\n"};
    reply.stream = std::make_shared<Stream>(*this);
    return reply;
  }

 private:
  std::mutex mutex_;
  std::string said_;
};

TEST(IntakeStreams, Cost_no_thread_and_outlive_the_deadline_of_requests) {
  Channel channel;
  HttpLimits limits;
  limits.listener.threads = 1;
  limits.listener.deadline = std::chrono::milliseconds(100);
  const auto server =
      serve(limits, [&](const HttpRequest& r) { return r.path == "/s" ? channel.open() : hello(r); });
  std::deque<RawSocket> streams;
  for (int i = 0; i < 50; ++i) {
    streams.emplace_back(server->port());
    streams.back().send("GET /s HTTP/1.1\r\n\r\n");
    EXPECT_THAT(streams.back().read_until("begin\n"), StartsWith("HTTP/1.1 200"));
  }
  RawSocket drips(server->port());
  drips.send("G");
  EXPECT_EQ(drips.read_all(), "");  // its deadline has passed, and so has that of the others
  EXPECT_THAT(get(server->port(), "/"), StartsWith("HTTP/1.1 200"));
  channel.say("news\n");
  server->wake_streams();
  for (RawSocket& stream : streams) EXPECT_EQ(stream.read_until("news\n"), "news\n");
}

TEST(IntakeStreams, One_more_than_the_cap_is_told_so_and_a_place_that_is_left_is_free) {
  Channel channel;
  HttpLimits limits;
  limits.listener.streams = 2;
  const auto server = serve(limits, [&](const HttpRequest&) { return channel.open(); });
  std::deque<RawSocket> streams;
  for (int i = 0; i < 2; ++i) {
    streams.emplace_back(server->port());
    streams.back().send("GET /s HTTP/1.1\r\n\r\n");
    streams.back().read_until("begin\n");
  }
  EXPECT_THAT(get(server->port(), "/s"), StartsWith("HTTP/1.1 503"));
  streams.pop_front();
  std::string answer;
  while (!answer.starts_with("HTTP/1.1 200")) {  // the loop learns of it a moment later
    RawSocket next(server->port());
    next.send("GET /s HTTP/1.1\r\n\r\n");
    answer = next.read_until("\r\n\r\n");
  }
}

TEST(IntakeStreams, One_that_does_not_read_holds_up_nobody) {
  Channel channel;
  const auto server = serve({}, [&](const HttpRequest&) { return channel.open(); });
  RawSocket deaf(server->port());
  RawSocket listens(server->port());
  for (RawSocket* one : {&deaf, &listens}) {
    one->send("GET /s HTTP/1.1\r\n\r\n");
    one->read_until("begin\n");
  }
  channel.say(std::string(20u << 20, 'x') + "end\n");
  server->wake_streams();
  EXPECT_EQ(listens.read_until("end\n").size(), (20u << 20) + 4);
  server->stop();
}

}  // namespace
}  // namespace maand
