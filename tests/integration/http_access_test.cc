// R6.2 against the real daemon with real clients: TLS, tokens, other sites' pages, and
// events that go on where a client left off.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/bucket_world.h"
#include "tests/support/raw_socket.h"
#include "tests/support/tls_files.h"

namespace maand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class HttpAccess : public ::testing::Test {
 protected:
  HttpAccess() { world_.commit({{"workers.json", world_.workers_json(1)}}, "first"); }

  std::filesystem::path secrets() const { return world_.bucket() / "secrets"; }
  std::string token(const std::string& name, const std::string& role) {
    const ProgramResult made = world_.maand({"token", "add", name, "--role", role, "--for", "1d"});
    EXPECT_EQ(made.status, 0) << made.err;
    return made.out.substr(0, made.out.find('\n'));
  }
  // The status, a blank, and the body.
  std::string curl(const std::string& target, std::vector<std::string> more = {}) {
    std::vector<std::string> argv = {"/usr/bin/curl", "-sS", "--max-time", "50", "-w", "\n%{http_code}"};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.push_back((tls_ ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(port_) + target);
    if (tls_) argv.insert(argv.end(), {"--cacert", secrets() / "api.pem"});
    const ProgramResult result = call_program({.argv = argv});
    const std::size_t end = result.out.rfind('\n');
    return end == std::string::npos ? result.err
                                    : result.out.substr(end + 1) + " " + result.out.substr(0, end);
  }
  static std::vector<std::string> with(const std::string& token, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"-H", "Authorization: Bearer " + token});
    return more;
  }
  static std::vector<std::string> order(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"-H", "Content-Type: application/json", "-d", "{\"actor\": \"mallory\"}"});
    return more;
  }
  void use_tls(const std::string& listen) {
    make_certificate(secrets(), "api");
    world_.set("http", "tls_cert = \"api.pem\"");
    world_.set("http", "tls_key = \"api.key\"");
    world_.set("http", "listen = \"" + listen + ":" + std::to_string(port_) + "\"");
    tls_ = true;
  }

  const int port_ = free_port("127.0.0.1");
  bool tls_ = false;
  BucketWorld world_{1, {{"http", "listen = \"127.0.0.1:" + std::to_string(port_) + "\""}}};
};

TEST_F(HttpAccess, OrdersNeedATokenAndItsNameIsTheActor) {
  world_.serve();
  EXPECT_THAT(curl("/api/v1/status"), StartsWith("200 "));
  EXPECT_THAT(curl("/api/v1/reconcile", order()), AllOf(StartsWith("401 "), HasSubstr("role operate")));
  const std::string rita = token("rita", "read");
  const std::string otto = token("otto", "operate");
  EXPECT_THAT(curl("/api/v1/reconcile", order(with(rita))), StartsWith("403 "));
  EXPECT_THAT(curl("/api/v1/whoami", with(otto)), HasSubstr("{\"name\":\"otto\",\"role\":\"operate\"}"));
  EXPECT_THAT(curl("/api/v1/reconcile", order(with(otto))), StartsWith("200 "));
  // What another site's page can have a browser send: no JSON, or a name of its own.
  EXPECT_THAT(curl("/api/v1/reconcile", with(otto, {"-d", "actor=mallory"})), StartsWith("415 "));
  EXPECT_THAT(curl("/api/v1/reconcile", with(otto, {"-H", "Content-Type: text/plain", "-d", "{}"})),
              StartsWith("415 "));
  EXPECT_THAT(curl("/api/v1/reconcile", order(with(otto, {"-H", "Sec-Fetch-Site: cross-site"}))),
              StartsWith("403 "));
  EXPECT_THAT(curl("/api/v1/status", {"-H", "Host: rebound.example"}), StartsWith("401 "));
  // Taken away, and never given.
  EXPECT_EQ(world_.maand({"token", "remove", "otto"}).status, 0);
  EXPECT_THAT(curl("/api/v1/reconcile", order(with(otto))),
              AllOf(StartsWith("401 "), HasSubstr("not known")));
  EXPECT_TRUE(world_.daemon_says("refused credentials from 127.0.0.1"));
  EXPECT_THAT(world_.daemon_log(), Not(HasSubstr(otto)));
  EXPECT_THAT(world_.maand({"token", "list"}).out, AllOf(HasSubstr("rita"), Not(HasSubstr("otto"))));
}

TEST_F(HttpAccess, BeyondLoopbackThereAreTLSAndTokensOrNoListener) {
  world_.set("http", "listen = \"0.0.0.0:" + std::to_string(port_) + "\"");
  EXPECT_THAT(world_.maand({"serve"}).err, HasSubstr("http.allow_plaintext"));
  use_tls("0.0.0.0");
  EXPECT_THAT(world_.maand({"serve"}).err, HasSubstr("maand token add"));
  const std::string rita = token("rita", "read");
  world_.serve();
  EXPECT_THAT(curl("/api/v1/status"), StartsWith("401 "));
  EXPECT_THAT(curl("/api/v1/status", with(rita)), StartsWith("200 "));
  EXPECT_THAT(curl("/api/v1/status", {"-u", "anybody:" + rita}), StartsWith("200 "));  // as a browser would
  RawSocket plain(port_);
  plain.send("GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(plain.read_all(), Not(HasSubstr("HTTP/1.1 200")));
}

TEST_F(HttpAccess, ARenewedCertificateIsTakenOverByAReloadAndABrokenOneIsNot) {
  use_tls("127.0.0.1");
  world_.serve();
  EXPECT_THAT(curl("/api/v1/status"), StartsWith("200 "));
  const std::filesystem::path old = secrets() / "api.pem";
  make_certificate(secrets(), "other");
  std::filesystem::copy_file(secrets() / "other.pem", old, std::filesystem::copy_options::overwrite_existing);
  world_.reload_daemon();  // its key is not there yet
  ASSERT_TRUE(world_.daemon_says("does not belong to the first certificate")) << world_.daemon_log();
  EXPECT_TRUE(world_.daemon_running());
  std::filesystem::copy_file(secrets() / "other.key", secrets() / "api.key",
                             std::filesystem::copy_options::overwrite_existing);
  world_.reload_daemon();
  // curl knows the new certificate alone.
  EXPECT_TRUE(eventually([&] { return curl("/api/v1/status").starts_with("200 "); })) << world_.daemon_log();
}

TEST_F(HttpAccess, EventsGoOnWhereAClientLeftOffAndBeginAnewWithTheDaemon) {
  world_.serve();
  ASSERT_EQ(world_.reconcile().status, 0);
  const std::string all = curl("/api/v1/events?after=0&wait=no");
  ASSERT_THAT(all, AllOf(HasSubstr("event: head_seen"), HasSubstr("event: pass_finished")));
  const std::size_t at = all.find("id: ");
  const std::string first = all.substr(at + 4, all.find('\n', at) - at - 4);
  const std::string rest = curl("/api/v1/events?wait=no", {"-H", "Last-Event-ID: " + first});
  EXPECT_THAT(rest, StartsWith("200 " + all.substr(all.find("\n\n", at) + 2)));

  // Live, also for the command.
  RawSocket live(port_);
  live.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  live.read_until("retry: 2000");
  world_.commit({{"README", "new"}}, "second");
  ASSERT_EQ(world_.reconcile().status, 0);
  EXPECT_THAT(live.read_until("event: pass_finished"), HasSubstr("event: pass_finished"));
  EXPECT_THAT(world_.maand({"events"}).out, HasSubstr(" pass_finished"));
  EXPECT_THAT(world_.maand({"events", "--json"}).out, HasSubstr("\"kind\":\"pass_finished\""));

  world_.stop_daemon();
  EXPECT_EQ(world_.maand({"events"}).status, 5);
  world_.serve();
  EXPECT_THAT(curl("/api/v1/events?wait=no&after=" + first), HasSubstr("event: reset"));
}

}  // namespace
}  // namespace maand::testing
