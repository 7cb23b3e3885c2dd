// SshTransport against servers that die, freeze, lie or say nothing: it always
// comes back within its deadline and never calls a lost command a finished one.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "tests/integration/ssh_fixture.h"
#include "tests/support/tcp_proxy.h"

namespace maand::testing {
namespace {

using Deadline = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

// Listens; whoever connects is taken or left, but never answered.
class SilentListener {
 public:
  SilentListener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(fd_, 16), 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
  }
  ~SilentListener() { ::close(fd_); }
  int accept() const { return ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC); }
  Endpoint endpoint() const {
    Endpoint to;
    to.address = "127.0.0.1";
    to.port = port_;
    to.user = "root";
    to.key = "worker.key";
    return to;
  }

 private:
  int fd_;
  int port_ = 0;
};

class SshFailureTest : public ::testing::Test {
 protected:
  SshFailureTest() : secrets_("maand-secrets") { fleet_.write_secrets(secrets_.path()); }
  SshOptions hasty() const {
    auto given = options(secrets_.path());
    given.connect_timeout = milliseconds(400);
    return given;
  }
  // A name of the proxy that known_hosts does not know gets its key from the workspace.
  Endpoint through(const TcpProxy& proxy) const {
    auto to = endpoint(fleet_);
    to.address = proxy.address();
    to.port = proxy.port();
    to.host_keys = {fleet_.host_key(0)};
    return to;
  }
  std::unique_ptr<Connection> connected() { return connected(transport_, endpoint(fleet_)); }
  static std::unique_ptr<Connection> connected(SshTransport& transport, const Endpoint& to) {
    auto made = transport.connect(to);
    if (!made.connection) throw std::runtime_error(made.detail);
    return std::move(made.connection);
  }
  // Runs a command that never ends and calls `then` once it has begun.
  static CommandResult run_endless(Connection& connection, const std::function<void()>& then,
                                   Deadline deadline) {
    std::string out;
    bool called = false;
    return connection.run(
        "echo begun; sleep 1000", {},
        [&](std::string_view piece) {
          out += piece;
          if (!called && out == "begun\n") {
            called = true;
            then();
          }
        },
        {}, deadline);
  }

  SshdFleet fleet_{{.workers = 1}};
  TempDirectory secrets_;
  SshTransport transport_{options(secrets_.path())};
};

TEST_F(SshFailureTest, a_command_that_does_not_end_is_given_up_at_its_deadline) {
  const auto connection = connected();
  const auto ran = run(*connection, "echo begun; sleep 1000", {}, within(milliseconds(300)));
  EXPECT_EQ(ran.result.condition, WorkerCondition::kUnreachable);
  EXPECT_THAT(ran.result.detail, HasSubstr("no answer in time while the command ran"));
  EXPECT_TRUE(ran.result.began);
  EXPECT_FALSE(connection->usable());
  const auto again = run(*connection, "true");
  EXPECT_EQ(again.result.condition, WorkerCondition::kUnreachable);
  EXPECT_FALSE(again.result.began);
}

TEST_F(SshFailureTest, a_command_that_never_stops_talking_is_given_up_at_its_deadline) {
  const auto connection = connected();
  const auto result = connection->run("yes", {}, {}, {}, within(milliseconds(300)));
  EXPECT_EQ(result.condition, WorkerCondition::kUnreachable);
}

TEST_F(SshFailureTest, a_command_that_does_not_read_its_stdin_is_given_up_at_its_deadline) {
  const auto connection = connected();
  const std::string block(1 << 20, 'x');
  const auto result = connection->run(
      "sleep 1000", [&]() -> std::string_view { return block; }, {}, {}, within(milliseconds(300)));
  EXPECT_EQ(result.condition, WorkerCondition::kUnreachable);
}

TEST_F(SshFailureTest, a_server_that_is_killed_in_the_middle_is_a_lost_command) {
  const auto connection = connected();
  const auto result = run_endless(
      *connection, [&] { fleet_.kill(0); }, soon());
  EXPECT_EQ(result.condition, WorkerCondition::kUnreachable);
  EXPECT_THAT(result.detail, HasSubstr("broke while the command ran"));
  EXPECT_TRUE(result.began);
  EXPECT_EQ(result.exit_status, -1);
}

TEST_F(SshFailureTest, a_server_that_was_killed_while_idle_is_seen_before_a_command_begins) {
  const auto connection = connected();
  ASSERT_TRUE(connection->usable());
  fleet_.kill(0);
  EXPECT_TRUE(seen_dead(*connection));
  const auto ran = run(*connection, "true");
  EXPECT_EQ(ran.result.condition, WorkerCondition::kUnreachable);
  EXPECT_FALSE(ran.result.began);
}

TEST_F(SshFailureTest, a_frozen_server_is_given_up_at_the_deadline) {
  const auto connection = connected();
  const auto result = run_endless(
      *connection, [&] { fleet_.freeze(0); }, within(seconds(1)));
  EXPECT_EQ(result.condition, WorkerCondition::kUnreachable);
  EXPECT_TRUE(result.began);
  SshTransport hasty_transport(hasty());
  const auto refused = hasty_transport.connect(endpoint(fleet_));
  EXPECT_EQ(refused.condition, WorkerCondition::kUnreachable);
  EXPECT_THAT(refused.detail, HasSubstr("no answer in time"));
  fleet_.thaw(0);
  EXPECT_TRUE(transport_.connect(endpoint(fleet_)).connection);
}

TEST_F(SshFailureTest, a_black_hole_is_given_up_at_the_connect_timeout) {
  const SilentListener hole;
  SshTransport hasty_transport(hasty());
  const auto refused = hasty_transport.connect(hole.endpoint());
  EXPECT_EQ(refused.condition, WorkerCondition::kUnreachable);
  EXPECT_THAT(refused.detail, HasSubstr("is it an SSH server?"));
}

TEST_F(SshFailureTest, nobody_there_is_told_with_its_cure) {
  auto to = endpoint(fleet_);
  fleet_.kill(0);
  const auto refused = transport_.connect(to);
  EXPECT_EQ(refused.condition, WorkerCondition::kUnreachable);
  EXPECT_THAT(refused.detail, HasSubstr("is sshd running there"));
  to.address = "no-such-host.invalid";
  const auto unresolved = transport_.connect(to);
  EXPECT_EQ(unresolved.condition, WorkerCondition::kUnreachable);
  EXPECT_THAT(unresolved.detail, HasSubstr("no-such-host.invalid"));
}

TEST_F(SshFailureTest, a_server_that_hangs_up_at_once_is_tried_again_and_then_told) {
  const SilentListener listener;
  std::atomic<int> taken{0};
  std::thread rude([&] {
    for (int i = 0; i < 4; ++i) {
      ::close(listener.accept());
      ++taken;
    }
  });
  const auto refused = transport_.connect(listener.endpoint());
  rude.join();
  EXPECT_EQ(refused.condition, WorkerCondition::kUnreachable);
  EXPECT_THAT(refused.detail, HasSubstr("MaxStartups"));
  EXPECT_EQ(taken, 4);
}

TEST_F(SshFailureTest, something_else_than_ssh_is_refused) {
  const SilentListener listener;
  std::thread web([&] {
    const int client = listener.accept();
    const std::string text = "SSH-1.0-ancient\r\n" + std::string(5000, 'x');
    [[maybe_unused]] const auto n = ::send(client, text.data(), text.size(), MSG_NOSIGNAL);
    ::shutdown(client, SHUT_WR);
    char buffer[512];
    while (::recv(client, buffer, sizeof buffer, 0) > 0) {
    }
    ::close(client);
  });
  SshTransport hasty_transport(hasty());
  EXPECT_EQ(hasty_transport.connect(listener.endpoint()).condition, WorkerCondition::kUnreachable);
  web.join();
}

// Cutting or stalling the connection anywhere: the result is the truth or a loss.
struct Sweep {
  ProxyFault::Kind kind;
  Direction direction;
  int step;
};
class SshCutTest : public SshFailureTest, public ::testing::WithParamInterface<Sweep> {};

TEST_P(SshCutTest, anywhere_ends_in_the_truth_or_a_loss) {
  const auto [kind, direction, step] = GetParam();
  TcpProxy proxy(fleet_.address(0), fleet_.port());
  const auto attempt = [&](SshTransport& transport, Deadline deadline) {
    auto made = transport.connect(through(proxy));
    if (!made.connection) {
      EXPECT_EQ(made.condition, WorkerCondition::kUnreachable) << made.detail;
      return false;
    }
    const auto ran =
        run(*made.connection, "cat; echo err >&2; exit 7", text_source(std::string(2000, 'x')), deadline);
    if (ran.result.condition == WorkerCondition::kNone) {
      EXPECT_EQ(ran.result.exit_status, 7);
      EXPECT_EQ(ran.out, std::string(2000, 'x'));
      EXPECT_EQ(ran.err, "err\n");
      return true;
    }
    EXPECT_EQ(ran.result.condition, WorkerCondition::kUnreachable) << ran.result.detail;
    EXPECT_EQ(ran.result.exit_status, -1);
    return false;
  };
  ASSERT_TRUE(attempt(transport_, soon()));
  const auto total = proxy.relayed(direction);
  int lost = 0;
  SshTransport hasty_transport(hasty());
  for (std::uint64_t bytes = 0; bytes < total; bytes += static_cast<std::uint64_t>(step)) {
    SCOPED_TRACE(bytes);
    proxy.set_fault(ProxyFault{kind, direction, bytes});
    lost += attempt(hasty_transport, within(milliseconds(300))) ? 0 : 1;
  }
  EXPECT_GT(lost, 0);
  proxy.set_fault(std::nullopt);
  EXPECT_TRUE(attempt(transport_, soon())) << "nothing of it stays behind";
}

INSTANTIATE_TEST_SUITE_P(Sweeps, SshCutTest,
                         ::testing::Values(Sweep{ProxyFault::Kind::kCut, Direction::kUp, 173},
                                           Sweep{ProxyFault::Kind::kCut, Direction::kDown, 173},
                                           Sweep{ProxyFault::Kind::kStall, Direction::kUp, 449},
                                           Sweep{ProxyFault::Kind::kStall, Direction::kDown, 449}));

TEST_F(SshFailureTest, interrupt_ends_a_running_command) {
  const auto connection = connected();
  std::thread other;
  const auto result = run_endless(
      *connection, [&] { other = std::thread([&] { transport_.interrupt(); }); }, soon());
  other.join();
  EXPECT_EQ(result.condition, WorkerCondition::kUnreachable);
  EXPECT_THAT(result.detail, HasSubstr("the daemon is stopping"));
  EXPECT_TRUE(result.began);
  EXPECT_THAT(transport_.connect(endpoint(fleet_)).detail, HasSubstr("stopping"));
}

TEST_F(SshFailureTest, interrupt_ends_connecting_and_waiting_to_connect) {
  const SilentListener hole;
  std::vector<std::thread> threads;
  std::atomic<int> refused{0};
  for (int i = 0; i < 6; ++i) {  // two may start, four wait for them
    threads.emplace_back([&] {
      if (transport_.connect(hole.endpoint()).condition == WorkerCondition::kUnreachable) ++refused;
    });
  }
  const int first = hole.accept(), second = hole.accept();
  transport_.interrupt();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(refused, 6);
  ::close(first);
  ::close(second);
}

TEST_F(SshFailureTest, forty_at_once_get_through_a_server_that_takes_two_starts) {
  fleet_.set_max_startups(0, "2:100:2");
  std::vector<std::thread> threads;
  std::atomic<int> done{0};
  for (int i = 0; i < 40; ++i) {
    threads.emplace_back([&, i] {
      auto made = transport_.connect(endpoint(fleet_));
      ASSERT_TRUE(made.connection) << made.detail;
      const auto ran = run(*made.connection, "echo " + std::to_string(i));
      ASSERT_EQ(ran.out, std::to_string(i) + "\n") << ran.result.detail;
      ++done;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(done, 40);
}

}  // namespace
}  // namespace maand::testing
