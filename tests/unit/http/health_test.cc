#include "reconciler/http/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/http/api.h"
#include "tests/unit/http/http_fixture.h"

namespace maand {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Health, Says_ok_or_what_is_missing) {
  struct Row {
    HealthState state;
    const char* healthz;
    const char* readyz;
  };
  const Row table[] = {
      {{true, true, ""}, "HTTP/1.1 200", "HTTP/1.1 200"},
      {{true, false, "the store cannot be written"}, "HTTP/1.1 200", "HTTP/1.1 503"},
      {{false, true, "the reconcile thread hangs"}, "HTTP/1.1 503", "HTTP/1.1 503"},
  };
  for (const Row& row : table) {
    FakeDaemon daemon;
    daemon.say_health(row.state);
    const HealthServer server("127.0.0.1:0", daemon);
    EXPECT_THAT(get(server.port(), "/healthz"), StartsWith(row.healthz));
    const std::string ready = get(server.port(), "/readyz");
    EXPECT_THAT(ready, StartsWith(row.readyz));
    EXPECT_THAT(ready, HasSubstr(row.state.why));
  }
}

TEST(Health, Answers_while_64_clients_drip_on_the_api) {
  FakeDaemon daemon;
  const HealthServer health("127.0.0.1:0", daemon);
  const ApiServer api({"127.0.0.1:0", ""}, daemon, daemon, daemon);
  std::vector<RawSocket> drippers;
  for (int i = 0; i < 64; ++i) {
    drippers.emplace_back(api.port());
    ASSERT_TRUE(drippers.back().send("G"));
  }
  EXPECT_THAT(get(health.port(), "/healthz"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(get(health.port(), "/metrics"), StartsWith("HTTP/1.1 200"));
  int waiting = 0;
  for (const RawSocket& dripper : drippers) waiting += dripper.still_waiting() ? 1 : 0;
  EXPECT_EQ(waiting, 64) << "the drippers were gone, so the test shows nothing";
}

TEST(Health, Knows_three_paths_and_only_GET) {
  FakeDaemon daemon;
  const HealthServer server("127.0.0.1:0", daemon);
  EXPECT_THAT(get(server.port(), "/"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(ask(server.port(), "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
              StartsWith("HTTP/1.1 405"));
}

TEST(Health, Metrics_are_what_the_daemon_counts_in_the_type_prometheus_expects) {
  FakeDaemon daemon;
  const HealthServer server("127.0.0.1:0", daemon);
  const std::string answer = get(server.port(), "/metrics");
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\nmaand_ready 1\n"));
}

}  // namespace
}  // namespace maand
