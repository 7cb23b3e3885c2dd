// Health probes against real servers: over TCP from here, and through real SSH
// servers to what only the worker itself can reach (R2.4, workspace.md 2.6).
#include <unistd.h>

#include "executor/remote_runner.h"
#include "tests/integration/ssh_fixture.h"
#include "tests/support/dropbear_worker.h"
#include "tests/support/probe_server.h"
#include "tests/support/runner_kit.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Via = HealthCheck::Via;
using Scheme = HealthCheck::Scheme;

struct Told {
  Health health;
  std::string detail;
};

HealthCheck tcp(int port, Via via = Via::kController) {
  return {.type = HealthCheck::Type::kTcp, .port = port, .port_name = "web", .via = via};
}
HealthCheck http(int port, const std::string& path, Via via = Via::kController,
                 Scheme scheme = Scheme::kHttp) {
  return {.type = HealthCheck::Type::kHttp,
          .port = port,
          .port_name = "web",
          .path = path,
          .scheme = scheme,
          .via = via};
}
HealthCheck command(const std::string& text) {
  return {.type = HealthCheck::Type::kSsh, .command = text, .via = Via::kSsh};
}

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

class ProbeTest : public ::testing::Test {
 protected:
  void use(Transport& transport, const fs::path& ca_file = {}) {
    runner_ = std::make_unique<RemoteRunner>(
        RemoteRunnerOptions{.bucket_id = BucketId("bucket"), .ca_file = ca_file}, transport, blobs_, heard_);
  }
  Answer<Told> begin(const std::vector<HealthCheck>& checks, Seconds timeout = Seconds{20}) {
    Answer<Told> answer;
    HealthSpec spec;
    spec.checks = checks;
    spec.timeout = timeout;
    runner_->probe(to_, spec, [answer](Health health, std::string detail) mutable {
      answer.give({health, std::move(detail)});
    });
    return answer;
  }
  Told probe(const std::vector<HealthCheck>& checks, Seconds timeout = Seconds{20}) {
    return begin(checks, timeout).wait();
  }
  // Empty: healthy.
  std::string trouble(const HealthCheck& check, Seconds timeout = Seconds{20}) {
    const Told told = probe({check}, timeout);
    EXPECT_EQ(told.detail.empty(), told.health == Health::kHealthy) << told.detail;
    return told.detail;
  }

  Endpoint to_;
  MemoryBlobs blobs_;
  HeardOutput heard_;
  std::unique_ptr<RemoteRunner> runner_;
};

// ---- from here, without SSH ---------------------------------------------------

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

// ---- through the worker's session ----------------------------------------------

class ProbedWorker {
 public:
  virtual ~ProbedWorker() = default;
  virtual Endpoint to() const = 0;
  virtual void write_secrets(const fs::path& directory) const = 0;
  virtual fs::path root() const = 0;  // its /opt/worker
  virtual int accepted() const = 0;
  virtual void reconnectable_death() = 0;  // every connection dies; it listens again
};

class ProbedSshd : public ProbedWorker {
 public:
  explicit ProbedSshd(const FleetOptions& options) : sudo_(options.sudo), fleet_(options) {}
  Endpoint to() const override {
    Endpoint to = endpoint(fleet_);
    to.use_sudo = sudo_;
    return to;
  }
  void write_secrets(const fs::path& directory) const override { fleet_.write_secrets(directory); }
  fs::path root() const override { return fleet_.root(0); }
  int accepted() const override { return fleet_.accepted(0); }
  void reconnectable_death() override {
    fleet_.kill(0);
    fleet_.restart(0);
  }

 private:
  const bool sudo_;
  SshdFleet fleet_;
};

class ProbedDropbear : public ProbedWorker {
 public:
  Endpoint to() const override {
    Endpoint to;
    to.host = WorkerHost(dropbear_.address());
    to.address = dropbear_.address();
    to.port = dropbear_.port();
    to.user = "root";
    to.key = "worker.key";
    return to;
  }
  void write_secrets(const fs::path& directory) const override { dropbear_.write_secrets(directory); }
  fs::path root() const override { return dropbear_.root(); }
  int accepted() const override { return dropbear_.accepted(); }
  void reconnectable_death() override {
    dropbear_.kill();
    dropbear_.restart();
  }

 private:
  DropbearWorker dropbear_;
};

struct WorkerKind {
  std::string name;
  std::function<std::unique_ptr<ProbedWorker>()> make;
};
void PrintTo(const WorkerKind& kind, std::ostream* out) { *out << kind.name; }  // NOLINT: gtest's name

class ThroughSsh : public ProbeTest, public ::testing::WithParamInterface<WorkerKind> {
 protected:
  ThroughSsh() : worker_(GetParam().make()) {
    to_ = worker_->to();
    worker_->write_secrets(secrets_.path());
    ssh_ = std::make_unique<SshTransport>(options(secrets_.path()));
    use(*ssh_);
  }
  ~ThroughSsh() override { runner_.reset(); }

  std::unique_ptr<ProbedWorker> worker_;
  TempDirectory secrets_{"maand-secrets"};
  std::unique_ptr<SshTransport> ssh_;
};

TEST_P(ThroughSsh, a_command_is_judged_by_its_exit_status) {
  EXPECT_EQ(trouble(command("true")), "");
  EXPECT_EQ(trouble(command("exit 7")), "ssh: the command exited with 7");
  EXPECT_EQ(trouble(command("x='a b'; # comment\ncat\n[ \"$x\" = 'a b' ] # last")), "")
      << "what reads stdin does not eat the lines behind it";
  EXPECT_EQ(trouble(command("sh -c 'kill -9 $$'")), "ssh: the command exited with 137");
  EXPECT_THAT(trouble(command("if broken")), HasSubstr("ssh: the command exited with 2"));
  EXPECT_EQ(trouble(command("[ \"$(id -u)\" = 0 ]")), "") << "use_sudo is honoured";
  EXPECT_EQ(worker_->accepted(), 1) << "the session is kept from one probe to the next";
}

TEST_P(ThroughSsh, a_command_that_hangs_is_ended_and_costs_no_session) {
  const std::string nap = "sleep 7" + std::to_string(::getpid());
  EXPECT_EQ(trouble(command(nap), Seconds{1}), "ssh: the command did not end within 1 s");
  EXPECT_EQ(trouble(command("(" + nap + ") & wait"), Seconds{1}), "ssh: the command did not end within 1 s");
  EXPECT_EQ(trouble(command("while :; do echo a flood of output; done"), Seconds{1}),
            "ssh: the command did not end within 1 s");
  // busybox's grep ends a line at a NUL, hence tr; `[7]` keeps grep from finding itself.
  const auto find = command("for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <\"$f\"; echo; done | grep '[7]" +
                            std::to_string(::getpid()) + "' >/opt/worker/left");
  const fs::path left = worker_->root() / "left";
  EXPECT_EQ(trouble(find), "ssh: the command exited with 1") << "left on the worker: " << read_file(left);
  // And that this would have found it: what leads a session of its own is not ended.
  EXPECT_EQ(trouble(command("setsid " + nap + " & true")), "");
  EXPECT_EQ(trouble(find), "");
  EXPECT_THAT(read_file(left), HasSubstr(nap));
  EXPECT_EQ(worker_->accepted(), 1);
}

TEST_P(ThroughSsh, a_port_that_only_the_worker_reaches) {
  const ProbeServer hidden("127.0.0.1");
  EXPECT_THAT(trouble(tcp(hidden.port())), HasSubstr("refused"));
  EXPECT_EQ(trouble(tcp(hidden.port(), Via::kSsh)), "");
  EXPECT_EQ(trouble(http(hidden.port(), "/status/200", Via::kSsh)), "");
  EXPECT_EQ(trouble(http(hidden.port(), "/redirect/5", Via::kSsh)), "");
  EXPECT_EQ(trouble(http(hidden.port(), "/status/200/long", Via::kSsh)), "");
  EXPECT_THAT(
      trouble(http(hidden.port(), "/status/503", Via::kSsh)),
      AllOf(HasSubstr("http web via ssh: GET http://" + to_.address), HasSubstr("answered 503, not 200")));
  EXPECT_THAT(trouble(tcp(free_port("127.0.0.1"), Via::kSsh)),
              HasSubstr("opens no channel to its 127.0.0.1 port"));
  EXPECT_THAT(trouble(http(hidden.port(), "/drip", Via::kSsh), Seconds{1}),
              HasSubstr("no answer within 1 s"));
  EXPECT_EQ(
      probe({tcp(hidden.port(), Via::kSsh), http(hidden.port(), "/status/200", Via::kSsh), command("true")})
          .detail,
      "");
  EXPECT_EQ(worker_->accepted(), 1) << "one session carries them all, whatever became of a channel";
}

TEST_P(ThroughSsh, https_through_the_session_wants_a_certificate_for_the_worker) {
  const TempDirectory directory("maand-ca");
  const TestAuthority ours(directory.path());
  const ProbeServer hidden("127.0.0.1", ours.server(to_.address));
  const ProbeServer wrong("127.0.0.1", ours.server("127.0.0.1"));
  use(*ssh_, ours.certificate());
  EXPECT_EQ(trouble(http(hidden.port(), "/status/200", Via::kSsh, Scheme::kHttps)), "");
  EXPECT_THAT(trouble(http(wrong.port(), "/status/200", Via::kSsh, Scheme::kHttps)),
              HasSubstr("its certificate is not for " + to_.address));
}

TEST_P(ThroughSsh, a_session_that_died_while_it_lay_idle_is_replaced) {
  const ProbeServer hidden("127.0.0.1");
  EXPECT_EQ(trouble(command("true")), "");
  worker_->reconnectable_death();
  EXPECT_EQ(trouble(tcp(hidden.port(), Via::kSsh)), "");
  worker_->reconnectable_death();
  EXPECT_EQ(trouble(command("true")), "");
}

INSTANTIATE_TEST_SUITE_P(
    All, ThroughSsh,
    ::testing::Values(WorkerKind{"sshd",
                                 [] { return std::make_unique<ProbedSshd>(FleetOptions{.workers = 1}); }},
                      WorkerKind{"sudo",
                                 [] {
                                   return std::make_unique<ProbedSshd>(
                                       FleetOptions{.workers = 1, .user = "deploy", .sudo = true});
                                 }},
                      WorkerKind{"dropbear_busybox", [] { return std::make_unique<ProbedDropbear>(); }}),
    [](const ::testing::TestParamInfo<WorkerKind>& one) { return one.param.name; });

TEST_F(ProbeTest, a_worker_whose_sessions_are_all_taken_is_waited_for_as_long_as_a_probe_may_take) {
  ProbedSshd worker(FleetOptions{.workers = 1});
  const TempDirectory secrets("maand-secrets");
  worker.write_secrets(secrets.path());
  to_ = worker.to();
  SshTransport ssh(options(secrets.path()));
  runner_ = std::make_unique<RemoteRunner>(
      RemoteRunnerOptions{.bucket_id = BucketId("bucket"), .sessions_per_worker = 1}, ssh, blobs_, heard_);
  Operations operations;
  const auto target = submit(
      *runner_, operations.make(Action::kStart, "api", to_,
                                file_set(blobs_, {{"Makefile",
                                                   "start:\n\t@echo up; mkdir -p data\n"
                                                   "\t@while [ ! -e data/go ]; do sleep 1; done\n"}})));
  ASSERT_TRUE(heard_.wait_for("up\n"));
  const Told told = probe({command("true")}, Seconds{1});
  EXPECT_EQ(told.health, Health::kUnprobed) << "another job's target says nothing about this one";
  EXPECT_THAT(told.detail, HasSubstr("all 1 connections are in use"));
  EXPECT_EQ(target.count(), 0u);
  runner_->stop();
  runner_.reset();
}

TEST_F(ProbeTest, a_server_that_forbids_channels_says_so_and_a_dead_one_too) {
  ProbedSshd worker(FleetOptions{.workers = 1, .sshd_config = {"AllowTcpForwarding no"}});
  const TempDirectory secrets("maand-secrets");
  worker.write_secrets(secrets.path());
  to_ = worker.to();
  SshTransport ssh(options(secrets.path()));
  use(ssh);
  const ProbeServer hidden("127.0.0.1");
  EXPECT_THAT(trouble(tcp(hidden.port(), Via::kSsh)), HasSubstr("AllowTcpForwarding"));
  EXPECT_EQ(trouble(command("true")), "");
  to_.port = free_port(to_.address);
  EXPECT_THAT(trouble(command("true")), HasSubstr("ssh: cannot connect to"));
  runner_.reset();
}

}  // namespace
}  // namespace maand::testing
