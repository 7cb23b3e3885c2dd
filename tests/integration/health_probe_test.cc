// Health probes from here against real servers, without SSH (R2.4, workspace.md 2.6).
#include "tests/integration/health_probe_fixture.h"

namespace maand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A transport that must not be needed.
class NoTransport : public Transport {
 public:
  Connected connect(const Endpoint&) override {
    ++connects;
    return {nullptr, WorkerCondition::kUnreachable, "no SSH in this test"};
  }
  void interrupt() override {}
  std::atomic<int> connects = 0;
};

class FromHere : public ProbeTest {
 protected:
  FromHere() {
    to_.address = loopback_address(1);
    to_.host = WorkerHost(to_.address);
    use(none_);
  }
  ~FromHere() override {
    runner_.reset();
    EXPECT_EQ(none_.connects, 0) << "tcp and http checks need no SSH connection";
  }
  NoTransport none_;
};

TEST_F(FromHere, a_port_is_open_or_not) {
  const ProbeServer server(to_.address);
  EXPECT_EQ(trouble(tcp(server.port())), "");
  EXPECT_THAT(trouble(tcp(free_port(to_.address))),
              AllOf(HasSubstr("tcp web: "), HasSubstr("refused"), Not(HasSubstr("sshd"))));
  EXPECT_EQ(trouble({.type = HealthCheck::Type::kTcp, .port_name = "pooled"}),
            "port pooled has no number yet");
}

TEST_F(FromHere, http_answers_are_judged_by_their_status_alone) {
  const ProbeServer server(to_.address);
  const std::string base = "http web: GET http://" + to_.address + ":" + std::to_string(server.port());
  const struct {
    const char* path;
    int expect;
    std::string told;  // what follows the URL; empty = healthy
  } kCases[] = {
      {"/status/200", 200, ""},
      {"/status/204", 204, ""},
      {"/status/503", 503, ""},
      {"/status/503", 200, " answered 503, not 200"},
      {"/status/200", 204, " answered 200, not 204"},
      {"/status/200/long", 200, ""},
      {"/status/500/long", 200, " answered 500, not 200"},
      {"/redirect/5", 200, ""},
      {"/redirect/3", 302, ""},  // who expects a redirect gets it
      {"/noise", 200, ": it hung up without an HTTP answer"},
      {"/close", 200, ": it hung up without an HTTP answer"},
      {"/headers", 200, ": it sent more than 64 KiB and no whole answer"},
      {"/to?ftp://x/", 200, " answered 307 and redirects to \"ftp://x/\", which is no http URL"},
  };
  for (const auto& [path, expect, told] : kCases) {
    HealthCheck check = http(server.port(), path);
    check.expect_status = expect;
    EXPECT_EQ(trouble(check), told.empty() ? "" : base + path + told) << path;
  }
  EXPECT_THAT(trouble(http(server.port(), "/redirect/6")),
              HasSubstr("/redirect/1 answered 302 after 5 redirects, and redirects again"));
  EXPECT_THAT(trouble(http(free_port(to_.address), "/")), HasSubstr("refused"));
}

TEST_F(FromHere, a_redirect_may_lead_elsewhere) {
  const ProbeServer server(to_.address);
  const std::string other = loopback_address(2);
  const ProbeServer elsewhere(other);
  const std::string url = "http://" + other + ":" + std::to_string(elsewhere.port()) + "/status/503#x";
  EXPECT_THAT(trouble(http(server.port(), "/to?" + url)),
              HasSubstr(other + ":" + std::to_string(elsewhere.port()) + "/status/503 answered 503"));
}

TEST_F(FromHere, the_deadline_holds_whatever_the_server_does) {
  const ProbeServer server(to_.address);
  // All at once, so that the test takes as long as one.
  const std::vector<std::string> paths = {"/hang", "/drip"};
  std::vector<Answer<Told>> answers;
  for (const std::string& path : paths) answers.push_back(begin({http(server.port(), path)}, Seconds{2}));
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const Told told = answers[i].wait();
    EXPECT_EQ(told.health, Health::kUnhealthy);
    EXPECT_THAT(told.detail, HasSubstr(paths[i] + ": no answer within 2 s"));
  }
}

TEST_F(FromHere, a_round_ends_soon_and_without_a_verdict_when_the_daemon_leaves) {
  const ProbeServer server(to_.address);
  const auto answer = begin({http(server.port(), "/hang")}, Seconds{3600});
  runner_->stop();
  EXPECT_EQ(answer.wait().health, Health::kUnprobed);
  EXPECT_EQ(probe({tcp(server.port())}).health, Health::kUnprobed);
}

TEST_F(FromHere, the_first_check_that_fails_is_named_and_no_check_is_no_verdict) {
  const ProbeServer server(to_.address);
  EXPECT_EQ(probe({tcp(server.port()), http(server.port(), "/status/200")}).health, Health::kHealthy);
  const Told told = probe({tcp(server.port()), http(server.port(), "/status/404"), command("never run")});
  EXPECT_EQ(told.health, Health::kUnhealthy);
  EXPECT_THAT(told.detail, HasSubstr("answered 404"));
  EXPECT_EQ(probe({}).health, Health::kUnprobed);
}

TEST_F(FromHere, https_trusts_the_buckets_authority_and_wants_the_right_name) {
  const TempDirectory directory("maand-ca");
  const TestAuthority ours(directory.path() / "ours"), foreign(directory.path() / "foreign");
  const ProbeServer good(to_.address, ours.server(to_.address));
  const ProbeServer another(to_.address, ours.server("192.0.2.1"));
  const ProbeServer stranger(to_.address, foreign.server(to_.address));
  const ProbeServer plain(to_.address);
  const auto https = [](const ProbeServer& server, const std::string& path) {
    return http(server.port(), path, Via::kController, Scheme::kHttps);
  };
  use(none_, ours.certificate());
  EXPECT_EQ(trouble(https(good, "/status/200")), "");
  EXPECT_EQ(trouble(https(good, "/redirect/2")), "");
  EXPECT_THAT(trouble(https(good, "/status/500")), HasSubstr("answered 500, not 200"));
  EXPECT_THAT(trouble(https(another, "/status/200")), HasSubstr("its certificate is not for " + to_.address));
  EXPECT_THAT(trouble(https(stranger, "/status/200")), HasSubstr("its certificate is not trusted: "));
  EXPECT_THAT(trouble(https(plain, "/status/200"), Seconds{2}), HasSubstr("https"));
  EXPECT_THAT(trouble(https(good, "/drip"), Seconds{2}), HasSubstr("no answer within 2 s"));

  use(none_, directory.path() / "absent");
  EXPECT_THAT(trouble(https(good, "/status/200")), HasSubstr("its certificate is not trusted: "));
  use(none_);
  EXPECT_THAT(trouble(https(good, "/status/200")), HasSubstr("its certificate is not trusted: "));
  write_file(directory.path() / "broken", "no PEM");
  use(none_, directory.path() / "broken");
  EXPECT_THAT(trouble(https(good, "/status/200")), HasSubstr("CA broken cannot be read"));
}

}  // namespace
}  // namespace maand::testing
