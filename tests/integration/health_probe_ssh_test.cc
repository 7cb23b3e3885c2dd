// Health probes through real SSH servers: commands, and what only the worker itself
// can reach (R2.4, workspace.md 2.6).
#include <unistd.h>

#include "tests/integration/health_probe_fixture.h"
#include "tests/support/dropbear_worker.h"

namespace maand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

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
  // It has to lead it before the command ends.
  EXPECT_EQ(trouble(command("setsid sh -c 'echo >/opt/worker/led; exec " + nap +
                            "' & until [ -e /opt/worker/led ]; do :; done")),
            "");
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
