// Who the worker is and who we are: host keys, key files, agents, jump hosts.
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/integration/ssh_fixture.h"
#include "tests/support/dropbear_worker.h"

namespace maand::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Exactly the RSA of libssh2 before 1.11 is useless.
bool rsa_works() { return run_program({"pkg-config", "--modversion", "libssh2"}) >= "1.11"; }

class SshLoginTest : public ::testing::Test {
 protected:
  SshLoginTest() : secrets_("maand-secrets") { fleet_.write_secrets(secrets_.path()); }
  Connected connect(const Endpoint& to, HostKeyPolicy policy = HostKeyPolicy::kStrict) const {
    auto given = options(secrets_.path());
    given.host_key_policy = policy;
    SshTransport transport(given);
    return transport.connect(to);
  }
  std::filesystem::path known_hosts() const { return secrets_.path() / "known_hosts"; }
  std::string name() const { return "[" + fleet_.address(0) + "]:" + std::to_string(fleet_.port()); }
  // A key that is nobody's.
  std::string other_key() const {
    const auto file = secrets_.path() / "other";
    if (!std::filesystem::exists(file))
      run_program({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file.string()});
    return read_file(file.string() + ".pub");
  }

  SshdFleet fleet_{{.workers = 1}};
  TempDirectory secrets_;
};

TEST_F(SshLoginTest, an_unknown_host_key_is_refused_with_what_to_do) {
  write_file(known_hosts(), "");
  const auto refused = connect(endpoint(fleet_));
  EXPECT_EQ(refused.condition, WorkerCondition::kHostKeyUnknown);
  EXPECT_THAT(refused.detail, AllOf(HasSubstr("SHA256:"), HasSubstr("secrets/known_hosts"),
                                    HasSubstr(name() + " " + fleet_.host_key(0))));
  EXPECT_EQ(fleet_.accepted(0), 0) << "no login before the key is judged";
  EXPECT_EQ(read_file(known_hosts()), "");
}

TEST_F(SshLoginTest, accept_new_takes_an_unknown_key_once) {
  std::filesystem::remove(known_hosts());
  EXPECT_TRUE(connect(endpoint(fleet_), HostKeyPolicy::kAcceptNew).connection);
  EXPECT_EQ(read_file(known_hosts()), fleet_.known_hosts_text());
  EXPECT_TRUE(connect(endpoint(fleet_)).connection) << "known from now on";
}

TEST_F(SshLoginTest, a_changed_host_key_is_always_refused) {
  const auto before = name() + " " + other_key();
  write_file(known_hosts(), before);
  for (const auto policy : {HostKeyPolicy::kStrict, HostKeyPolicy::kAcceptNew}) {
    const auto refused = connect(endpoint(fleet_), policy);
    EXPECT_EQ(refused.condition, WorkerCondition::kHostKeyChanged);
    EXPECT_THAT(refused.detail,
                AllOf(HasSubstr("is expected by secrets/known_hosts"), HasSubstr("in between")));
  }
  EXPECT_EQ(read_file(known_hosts()), before);
  EXPECT_EQ(fleet_.accepted(0), 0);
}

TEST_F(SshLoginTest, a_revoked_host_key_is_refused_whoever_vouches_for_it) {
  write_file(known_hosts(), "@revoked * " + fleet_.host_key(0) + "\n");
  auto to = endpoint(fleet_);
  to.host_keys = {fleet_.host_key(0)};
  const auto refused = connect(to, HostKeyPolicy::kAcceptNew);
  EXPECT_EQ(refused.condition, WorkerCondition::kHostKeyChanged);
  EXPECT_THAT(refused.detail, HasSubstr("@revoked"));
}

TEST_F(SshLoginTest, host_keys_of_the_workspace_win_over_known_hosts) {
  write_file(known_hosts(), name() + " " + other_key());
  auto to = endpoint(fleet_);
  to.host_keys = {other_key(), fleet_.host_key(0)};
  EXPECT_TRUE(connect(to).connection);
  fleet_.write_secrets(secrets_.path());
  to.host_keys = {other_key()};
  const auto refused = connect(to);
  EXPECT_EQ(refused.condition, WorkerCondition::kHostKeyChanged);
  EXPECT_THAT(refused.detail, HasSubstr("host_key in workers.json"));
  to.host_keys = {"nonsense"};
  EXPECT_EQ(connect(to).condition, WorkerCondition::kHostKeyUnknown);
}

TEST_F(SshLoginTest, a_hashed_known_hosts_is_understood) {
  run_program({"ssh-keygen", "-H", "-f", known_hosts().string()});
  ASSERT_THAT(read_file(known_hosts()), AllOf(HasSubstr("|1|"), Not(HasSubstr(fleet_.address(0)))));
  EXPECT_TRUE(connect(endpoint(fleet_)).connection);
}

TEST_F(SshLoginTest, what_is_not_among_the_secrets_is_looked_for_with_the_credentials) {
  const TempDirectory handed("maand-credentials");
  const auto to_handed = [&](const char* file) {
    std::filesystem::rename(secrets_.path() / file, handed.path() / file);
  };
  const auto connect_with = [&](const std::filesystem::path& credentials, HostKeyPolicy policy) {
    auto given = options(secrets_.path());
    given.credentials_dir = credentials;
    given.host_key_policy = policy;
    return SshTransport(given).connect(endpoint(fleet_));
  };
  to_handed("worker.key");
  EXPECT_EQ(connect_with({}, HostKeyPolicy::kStrict).condition, WorkerCondition::kAuthFailed);
  EXPECT_TRUE(connect_with(handed.path(), HostKeyPolicy::kStrict).connection);
  to_handed("known_hosts");
  EXPECT_TRUE(connect_with(handed.path(), HostKeyPolicy::kStrict).connection);
  // What is handed over vouches with either policy, and secrets/ comes first.
  write_file(handed.path() / "known_hosts", name() + " " + other_key());
  EXPECT_EQ(connect_with(handed.path(), HostKeyPolicy::kAcceptNew).condition,
            WorkerCondition::kHostKeyChanged);
  write_file(known_hosts(), fleet_.known_hosts_text());
  EXPECT_TRUE(connect_with(handed.path(), HostKeyPolicy::kStrict).connection);
}

TEST_F(SshLoginTest, an_unreadable_known_hosts_vouches_for_nobody) {
  std::filesystem::remove(known_hosts());
  std::filesystem::create_directory(known_hosts());
  EXPECT_EQ(connect(endpoint(fleet_), HostKeyPolicy::kAcceptNew).condition, WorkerCondition::kHostKeyUnknown);
}

TEST_F(SshLoginTest, the_type_we_hold_decides_which_host_key_is_asked_for) {
  // The server has both; a fresh client would ask for ed25519.
  TempDirectory keys("maand-keys");
  const auto ecdsa = (keys.path() / "ecdsa").string();
  run_program({"ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-C", "", "-f", ecdsa});
  SshdFleet both{{.workers = 1, .sshd_config = {"HostKey " + ecdsa}}};
  both.write_secrets(secrets_.path());
  EXPECT_TRUE(connect(endpoint(both)).connection);
  write_file(known_hosts(),
             "[" + both.address(0) + "]:" + std::to_string(both.port()) + " " + read_file(ecdsa + ".pub"));
  EXPECT_TRUE(connect(endpoint(both)).connection);
}

TEST_F(SshLoginTest, a_key_the_worker_does_not_know_is_AuthFailed) {
  other_key();
  auto to = endpoint(fleet_);
  to.key = "other";
  const auto refused = connect(to);
  EXPECT_EQ(refused.condition, WorkerCondition::kAuthFailed);
  EXPECT_THAT(refused.detail, AllOf(HasSubstr("secrets/other"), HasSubstr("authorized_keys of root")));
}

TEST_F(SshLoginTest, key_files_that_cannot_work_say_why) {
  run_program(
      {"ssh-keygen", "-q", "-t", "ed25519", "-N", "locked", "-f", (secrets_.path() / "locked").string()});
  run_program({"ssh-keygen", "-q", "-t", "ecdsa", "-m", "PEM", "-N", "locked", "-f",
               (secrets_.path() / "pem").string()});
  std::filesystem::create_directory(secrets_.path() / "directory");
  const std::pair<const char*, const char*> cases[] = {{"missing", "cannot be read"},
                                                       {"directory", "is a directory"},
                                                       {"known_hosts", "is no private key"},
                                                       {"locked", "locked with a passphrase"},
                                                       {"pem", "locked with a passphrase"},
                                                       {"../secrets/worker.key", "is not a file name"},
                                                       {"", "is not a file name"}};
  for (const auto& [key, why] : cases) {
    auto to = endpoint(fleet_);
    to.key = key;
    const auto refused = connect(to);
    EXPECT_EQ(refused.condition, WorkerCondition::kAuthFailed) << key;
    EXPECT_THAT(refused.detail, HasSubstr(why));
  }
}

TEST_F(SshLoginTest, ecdsa_works_for_hosts_and_users) {
  SshdFleet ecdsa{{.workers = 1, .host_key_type = "ecdsa", .client_key_type = "ecdsa"}};
  ecdsa.write_secrets(secrets_.path());
  const auto to = connect(endpoint(ecdsa));
  EXPECT_TRUE(to.connection) << to.detail;
}

TEST_F(SshLoginTest, an_rsa_user_key_works_or_names_the_cure) {
  SshdFleet rsa{{.workers = 1, .client_key_type = "rsa"}};
  rsa.write_secrets(secrets_.path());
  const auto to = connect(endpoint(rsa));
  if (rsa_works()) {
    EXPECT_TRUE(to.connection) << to.detail;
  } else {
    EXPECT_EQ(to.condition, WorkerCondition::kAuthFailed);
    EXPECT_THAT(to.detail, HasSubstr("use an ed25519 or ECDSA key"));
  }
}

TEST_F(SshLoginTest, an_rsa_host_key_works_or_names_the_cure) {
  SshdFleet rsa{{.workers = 1, .host_key_type = "rsa"}};
  rsa.write_secrets(secrets_.path());
  const auto to = connect(endpoint(rsa));
  if (rsa_works()) {
    EXPECT_TRUE(to.connection) << to.detail;
  } else {
    EXPECT_EQ(to.condition, WorkerCondition::kUnreachable);
    EXPECT_THAT(to.detail, HasSubstr("give it an ed25519 or ECDSA one"));
  }
}

// A real ssh-agent; ends with the test.
class SshAgentTest : public SshLoginTest {
 protected:
  SshAgentTest() : socket_((secrets_.path() / "agent.sock").string()) {
    const auto text = run_program({"ssh-agent", "-a", socket_});
    const auto at = text.find("SSH_AGENT_PID=");
    pid_ = static_cast<pid_t>(std::stol(text.substr(at + 14)));
  }
  ~SshAgentTest() override { ::kill(pid_, SIGTERM); }
  void add(const std::string& file) const {
    run_program({"env", "SSH_AUTH_SOCK=" + socket_, "ssh-add", "-q", file});
  }
  Connected connect_by_agent(const std::string& socket,
                             milliseconds timeout = std::chrono::seconds(30)) const {
    auto given = options(secrets_.path());
    given.agent_socket = socket;
    given.connect_timeout = timeout;
    SshTransport transport(given);
    auto to = endpoint(fleet_);
    to.key = "agent";
    return transport.connect(to);
  }

  std::string socket_;
  pid_t pid_ = 0;
};

TEST_F(SshAgentTest, a_key_of_the_agent_logs_in_after_others_were_refused) {
  other_key();
  add((secrets_.path() / "other").string());
  add(fleet_.client_key().string());
  const auto to = connect_by_agent(socket_);
  ASSERT_TRUE(to.connection) << to.detail;
  EXPECT_EQ(run(*to.connection, "echo in").out, "in\n");
}

TEST_F(SshAgentTest, what_an_agent_lacks_is_told) {
  EXPECT_THAT(connect_by_agent(socket_).detail, HasSubstr("it holds no key"));
  EXPECT_EQ(connect_by_agent(socket_).condition, WorkerCondition::kAuthFailed);
  EXPECT_THAT(connect_by_agent("").detail, HasSubstr("SSH_AUTH_SOCK is not set"));
  EXPECT_THAT(connect_by_agent(socket_ + ".none").detail, HasSubstr("cannot connect"));
  other_key();
  add((secrets_.path() / "other").string());
  const auto refused = connect_by_agent(socket_);
  EXPECT_EQ(refused.condition, WorkerCondition::kAuthFailed);
  EXPECT_THAT(refused.detail, HasSubstr("it offered ssh-ed25519 SHA256:"));
}

TEST_F(SshAgentTest, an_agent_that_does_not_answer_is_given_up) {
  const auto path = (secrets_.path() / "silent.sock").string();
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path, sizeof at.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(::listen(fd, 4), 0);
  const auto refused = connect_by_agent(path, milliseconds(1500));
  ::close(fd);
  EXPECT_EQ(refused.condition, WorkerCondition::kAuthFailed);
  EXPECT_THAT(refused.detail, HasSubstr("it does not answer"));
}

class SshJumpTest : public ::testing::Test {
 protected:
  SshJumpTest() : secrets_("maand-secrets") { fleet_.write_secrets(secrets_.path()); }
  std::string bastion() const { return "root@" + fleet_.address(1) + ":" + std::to_string(fleet_.port()); }
  Connected connect(const std::string& jump) {
    auto to = endpoint(fleet_);
    to.jump = jump;
    return transport_.connect(to);
  }
  SshdFleet fleet_{{.workers = 2}};
  TempDirectory secrets_;
  SshTransport transport_{options(secrets_.path())};
};

TEST_F(SshJumpTest, a_jump_host_carries_everything) {
  const auto to = connect(bastion());
  ASSERT_TRUE(to.connection) << to.detail;
  const auto from = run(*to.connection, "echo $SSH_CONNECTION").out;
  EXPECT_THAT(from, HasSubstr(fleet_.address(0)));
  const std::string block(1 << 20, 'j');
  int left = 20;
  std::size_t out = 0, err = 0;
  const auto result = to.connection->run(
      "tee /dev/stderr; exit 5",
      [&]() -> std::string_view { return left-- > 0 ? std::string_view(block) : std::string_view{}; },
      [&](std::string_view piece) { out += piece.size(); },
      [&](std::string_view piece) { err += piece.size(); }, soon());
  EXPECT_EQ(result.exit_status, 5) << result.detail;
  EXPECT_EQ(out, 20u << 20);
  EXPECT_EQ(err, 20u << 20);
  EXPECT_TRUE(to.connection->usable());
  EXPECT_EQ(fleet_.accepted(0), 1);
  EXPECT_EQ(fleet_.accepted(1), 1);
  fleet_.kill(1);
  EXPECT_TRUE(seen_dead(*to.connection));
  EXPECT_EQ(run(*to.connection, "true").result.condition, WorkerCondition::kUnreachable);
}

TEST_F(SshJumpTest, a_deadline_holds_through_a_jump_host) {
  const auto to = connect(bastion());
  ASSERT_TRUE(to.connection) << to.detail;
  const auto ran = run(*to.connection, "sleep 1000", {}, within(milliseconds(300)));
  EXPECT_EQ(ran.result.condition, WorkerCondition::kUnreachable);
  EXPECT_TRUE(ran.result.began);
}

TEST_F(SshJumpTest, the_host_key_of_the_jump_host_is_checked) {
  write_file(secrets_.path() / "known_hosts", "[" + fleet_.address(0) + "]:" + std::to_string(fleet_.port()) +
                                                  " " + fleet_.host_key(0) + "\n");
  const auto refused = connect(bastion());
  EXPECT_EQ(refused.condition, WorkerCondition::kHostKeyUnknown);
  EXPECT_THAT(refused.detail, HasSubstr(fleet_.address(1)));
}

TEST_F(SshJumpTest, a_jump_host_that_cannot_help_is_named) {
  fleet_.kill(0);
  EXPECT_THAT(connect(bastion()).detail,
              AllOf(HasSubstr("jump host " + fleet_.address(1)), HasSubstr("opens no tunnel")));
  EXPECT_THAT(connect("root@" + fleet_.address(1) + ":ssh").detail, HasSubstr("is not user@host:port"));
}

TEST(SshDropbear, works_as_openssh_does) {
  DropbearWorker worker;
  TempDirectory secrets("maand-secrets");
  worker.write_secrets(secrets.path());
  SshTransport transport(options(secrets.path()));
  Endpoint to;
  to.address = worker.address();
  to.port = worker.port();
  to.user = "root";
  to.key = "worker.key";
  const auto connected = transport.connect(to);
  ASSERT_TRUE(connected.connection) << connected.detail;
  auto& connection = *connected.connection;

  const std::string block(1 << 20, 'd');
  int left = 20;
  std::size_t out = 0, err = 0;
  const auto result = connection.run(
      "tee /dev/stderr; exit 6",
      [&]() -> std::string_view { return left-- > 0 ? std::string_view(block) : std::string_view{}; },
      [&](std::string_view piece) { out += piece.size(); },
      [&](std::string_view piece) { err += piece.size(); }, soon());
  EXPECT_EQ(result.exit_status, 6) << result.detail;
  EXPECT_EQ(out, 20u << 20);
  EXPECT_EQ(err, 20u << 20);
  EXPECT_EQ(run(connection, "kill -KILL $$").result.exit_status, 128 + SIGKILL);
  left = 50;
  EXPECT_EQ(
      run(connection, "exit 3",
          [&]() -> std::string_view { return left-- > 0 ? std::string_view(block) : std::string_view{}; })
          .result.exit_status,
      3);
  EXPECT_EQ(run(connection, "echo again").out, "again\n");
  worker.kill();
  EXPECT_TRUE(seen_dead(connection));
}

}  // namespace
}  // namespace maand::testing
