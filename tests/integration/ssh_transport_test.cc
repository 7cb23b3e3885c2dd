// SshTransport against real OpenSSH sshd: what a command is given and gives back.
#include <csignal>
#include <thread>

#include "tests/integration/ssh_fixture.h"

namespace maand::testing {
namespace {

using ::testing::HasSubstr;

class SshTransportTest : public ::testing::Test {
 protected:
  SshTransportTest() : secrets_("maand-secrets"), transport_(prepare()) {}
  SshOptions prepare() {
    fleet_.write_secrets(secrets_.path());
    return options(secrets_.path());
  }
  std::unique_ptr<Connection> connected() {
    auto to = transport_.connect(endpoint(fleet_));
    EXPECT_EQ(to.condition, WorkerCondition::kNone) << to.detail;
    if (!to.connection) throw std::runtime_error(to.detail);
    return std::move(to.connection);
  }

  SshdFleet fleet_{{.workers = 1}};
  TempDirectory secrets_;
  SshTransport transport_;
};

TEST_F(SshTransportTest, a_command_gets_stdin_and_gives_both_outputs_and_its_status) {
  const auto connection = connected();
  const auto ran = run(*connection, "cat; echo problem >&2; exit 7", text_source("hello"));
  EXPECT_EQ(ran.result.condition, WorkerCondition::kNone) << ran.result.detail;
  EXPECT_TRUE(ran.result.began);
  EXPECT_EQ(ran.result.exit_status, 7);
  EXPECT_EQ(ran.out, "hello");
  EXPECT_EQ(ran.err, "problem\n");
  EXPECT_TRUE(connection->usable());
}

TEST_F(SshTransportTest, one_connection_carries_many_commands) {
  const auto connection = connected();
  for (int i = 0; i < 50; ++i) {
    const auto ran = run(*connection, "echo " + std::to_string(i));
    ASSERT_EQ(ran.result.exit_status, 0) << ran.result.detail;
    ASSERT_EQ(ran.out, std::to_string(i) + "\n");
  }
  EXPECT_EQ(fleet_.accepted(0), 1);
}

TEST_F(SshTransportTest, an_exit_signal_is_told_as_a_shell_would) {
  const auto connection = connected();
  EXPECT_EQ(run(*connection, "kill -KILL $$").result.exit_status, 128 + SIGKILL);
  EXPECT_EQ(run(*connection, "kill -TERM $$").result.exit_status, 128 + SIGTERM);
}

TEST_F(SshTransportTest, fifty_megabytes_go_up) {
  const auto connection = connected();
  const std::string block(1 << 20, 'x');
  int left = 50;
  const auto ran = run(*connection, "wc -c", [&]() -> std::string_view {
    return left-- > 0 ? std::string_view(block) : std::string_view{};
  });
  EXPECT_EQ(ran.result.exit_status, 0) << ran.result.detail;
  EXPECT_THAT(ran.out, HasSubstr(std::to_string(50 << 20)));
}

TEST_F(SshTransportTest, fifty_megabytes_come_down_on_each_output_at_once) {
  const auto connection = connected();
  std::size_t out = 0, err = 0;
  const auto result = connection->run(
      "head -c 52428800 /dev/zero >&2 & head -c 52428800 /dev/zero; wait", {},
      [&](std::string_view piece) { out += piece.size(); },
      [&](std::string_view piece) { err += piece.size(); }, soon());
  EXPECT_EQ(result.exit_status, 0) << result.detail;
  EXPECT_EQ(out, 50u << 20);
  EXPECT_EQ(err, 50u << 20);
}

TEST_F(SshTransportTest, up_and_down_at_once_block_nobody) {
  const auto connection = connected();
  const std::string block(1 << 20, 'y');
  int left = 20;
  std::size_t out = 0, err = 0;
  const auto result = connection->run(
      "tee /dev/stderr",
      [&]() -> std::string_view { return left-- > 0 ? std::string_view(block) : std::string_view{}; },
      [&](std::string_view piece) { out += piece.size(); },
      [&](std::string_view piece) { err += piece.size(); }, soon());
  EXPECT_EQ(result.exit_status, 0) << result.detail;
  EXPECT_EQ(out, 20u << 20);
  EXPECT_EQ(err, 20u << 20);
}

TEST_F(SshTransportTest, a_command_may_end_without_reading_its_stdin) {
  const auto connection = connected();
  const std::string block(1 << 20, 'z');
  int left = 50;
  const auto ran = run(*connection, "echo enough; exit 3", [&]() -> std::string_view {
    return left-- > 0 ? std::string_view(block) : std::string_view{};
  });
  EXPECT_EQ(ran.result.condition, WorkerCondition::kNone) << ran.result.detail;
  EXPECT_EQ(ran.result.exit_status, 3);
  EXPECT_EQ(ran.out, "enough\n");
  EXPECT_EQ(run(*connection, "echo again").out, "again\n") << "the connection is as good as before";
}

}  // namespace
}  // namespace maand::testing
