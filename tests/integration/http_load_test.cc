// R6.1 and R6.2 against the real daemon: a thousand clients that drip and two hundred
// that listen cost no thread, and nobody else waits for them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <deque>
#include <filesystem>

#include "tests/support/bucket_world.h"
#include "tests/support/drippers.h"
#include "tests/support/raw_socket.h"

namespace maand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kDrippers = 1000;      // on the webhook listener
constexpr int kDrippersOnApi = 600;  // more than one source may have there
constexpr int kStreams = 200;

std::string get(int port, const std::string& target) {
  RawSocket socket(port);
  socket.send("GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  return socket.read_all();
}

std::string deliver(int port) {
  RawSocket socket(port);
  socket.send(
      "POST /webhook/generic HTTP/1.1\r\nHost: hooks\r\nContent-Type: application/json\r\n"
      "Content-Length: 2\r\n\r\n{}");
  return socket.read_all();
}

class HttpLoad : public ::testing::Test {
 protected:
  std::size_t threads_of_daemon() const {
    const std::filesystem::directory_iterator tasks("/proc/" + std::to_string(world_.daemon_pid()) + "/task");
    return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
  }

  const int api_ = free_port("127.0.0.1");
  const int health_ = free_port("127.0.0.1");
  const int webhook_ = free_port("127.0.0.1");
  BucketWorld world_{1,
                     {{"http", "listen = \"127.0.0.1:" + std::to_string(api_) + "\""},
                      {"http", "webhook_listen = \"127.0.0.1:" + std::to_string(webhook_) + "\""},
                      {"webhook", "generic_secret_file = \"hook\""},
                      {"http", "health_listen = \"127.0.0.1:" + std::to_string(health_) + "\""}}};
};

TEST_F(HttpLoad, AThousandDrippingClientsAndTwoHundredStreamsHoldUpNobody) {
  allow_many_descriptors();
  write_file(world_.bucket() / "secrets" / "hook", "0123456789abcdef0123456789abcdef\n", 0600);
  world_.commit({{"workers.json", world_.workers_json(1)}}, "first");
  world_.serve();
  ASSERT_TRUE(eventually([&] { return get(health_, "/readyz").starts_with("HTTP/1.1 200"); }));
  const std::size_t threads = threads_of_daemon();

  std::deque<RawSocket> streams;
  for (int i = 0; i < kStreams; ++i) {
    streams.emplace_back(api_);
    streams.back().send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ASSERT_THAT(streams.back().read_until("retry: "), StartsWith("HTTP/1.1 200")) << i;
  }
  const Drippers drippers(webhook_, kDrippers);
  const Drippers on_api(api_, kDrippersOnApi);
  const std::pair<int, const char*> asked[] = {
      {health_, "/healthz"}, {health_, "/metrics"}, {api_, "/api/v1/status"}};
  for (int round = 0; round < 20; ++round) {
    for (const auto& [port, target] : asked) {
      const auto begun = std::chrono::steady_clock::now();
      EXPECT_THAT(get(port, target), StartsWith("HTTP/1.1 200")) << target;
      const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
      if (round % 5 == 0) std::printf("%-16s %6.2f ms\n", target, took.count());
    }
    if (round % 5 != 0) continue;  // more that are not signed would be slowed down
    // The attacked listener hears a delivery out and judges it.
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_THAT(deliver(webhook_), StartsWith("HTTP/1.1 401"));
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
    std::printf("%-16s %6.2f ms\n", "a delivery", took.count());
  }
  // Passes may have begun a few of their own meanwhile.
  EXPECT_LT(threads_of_daemon(), threads + 20) << "somebody who waits has a thread";

  // Those who listen are told what happens, all of them.
  world_.commit({{"README", "new"}}, "second");
  ASSERT_EQ(world_.reconcile().status, 0);
  for (RawSocket& stream : streams) {
    EXPECT_THAT(stream.read_until("event: head_seen"), HasSubstr("event: head_seen"));
  }
  std::printf("%zu drippers were let go and came back\n", drippers.come_back() + on_api.come_back());
  EXPECT_TRUE(world_.daemon_running());
}

}  // namespace
}  // namespace maand::testing
