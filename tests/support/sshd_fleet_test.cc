// The fleet is what it says: workers that share nothing they should not.
#include "tests/support/sshd_fleet.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "executor/wire.h"
#include "tests/integration/ssh_fixture.h"
#include "tests/support/dropbear_worker.h"

namespace maand::testing {
namespace {

class FleetTest : public ::testing::Test {
 protected:
  std::string on(SshdFleet& fleet, std::size_t i, const std::string& command) {
    fleet.write_secrets(secrets_.path());
    SshTransport transport(options(secrets_.path()));
    auto to = transport.connect(endpoint(fleet, i));
    EXPECT_TRUE(to.connection) << to.detail;
    if (!to.connection) return {};
    const auto ran = run(*to.connection, command);
    EXPECT_EQ(ran.result.condition, WorkerCondition::kNone) << ran.result.detail;
    return ran.out + ran.err;
  }
  TempDirectory secrets_{"maand-secrets"};
};

TEST_F(FleetTest, every_worker_has_a_root_of_its_own) {
  SshdFleet fleet;
  EXPECT_EQ(on(fleet, 0, "echo one > /opt/worker/file"), "");
  EXPECT_EQ(on(fleet, 1, "ls /opt/worker"), "");
  EXPECT_EQ(read_file(fleet.root(0) / "file"), "one\n");
  fleet.wipe(0);
  EXPECT_EQ(on(fleet, 0, "ls /opt/worker"), "");
}

TEST_F(FleetTest, every_worker_has_processes_and_a_boot_of_its_own) {
  SshdFleet fleet;
  const auto boot = [&](std::size_t i) { return on(fleet, i, "cat /proc/sys/kernel/random/boot_id"); };
  const auto first = boot(0);
  EXPECT_EQ(first.size(), 37u);
  EXPECT_NE(first, boot(1));
  EXPECT_EQ(on(fleet, 0, "(sleep 1000 >/dev/null 2>&1 </dev/null & echo $! > /opt/worker/pid)"), "");
  EXPECT_EQ(on(fleet, 0, "kill -0 $(cat /opt/worker/pid) && echo alive"), "alive\n");
  fleet.restart(0);
  EXPECT_EQ(boot(0), first) << "restart is not a reboot";
  EXPECT_EQ(on(fleet, 0, "kill -0 $(cat /opt/worker/pid) 2>/dev/null || echo gone"), "gone\n");
  fleet.reboot(0);
  EXPECT_NE(boot(0), first);
}

TEST_F(FleetTest, logins_are_counted) {
  SshdFleet fleet;
  EXPECT_EQ(fleet.accepted(1), 0);
  on(fleet, 1, "true");
  on(fleet, 1, "true");
  EXPECT_EQ(fleet.accepted(0), 0);
  EXPECT_EQ(fleet.accepted(1), 2);
}

TEST_F(FleetTest, a_made_up_user_exists_only_inside) {
  SshdFleet fleet{{.workers = 1, .user = "maand-tester"}};
  EXPECT_EQ(on(fleet, 0, "id -un; touch /opt/worker/mine && echo mine"), "maand-tester\nmine\n");
  EXPECT_EQ(read_file("/etc/passwd").find("maand-tester"), std::string::npos);
}

TEST_F(FleetTest, a_made_up_user_has_sudo_only_when_asked_for) {
  SshdFleet with{{.workers = 1, .user = "maand-tester", .sudo = true}};
  EXPECT_EQ(on(with, 0, "sudo -n id -un"), "root\n");
  SshdFleet without{{.workers = 1, .user = "maand-tester"}};
  EXPECT_EQ(on(without, 0, "sudo -n id -un >/dev/null 2>&1 || echo refused"), "refused\n");
}

TEST_F(FleetTest, everything_dies_with_the_test_that_made_it) {
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {                                  // a test that is killed has no time to clean up
    ::setenv("TMPDIR", secrets_.path().c_str(), 1);  // the parent removes what is left
    SshdFleet fleet{{.workers = 1}};
    const int port = fleet.port();
    const auto line = fleet.address(0) + " " + std::to_string(port);
    [[maybe_unused]] const auto n = ::write(fds[1], line.c_str(), line.size());
    ::close(fds[1]);
    ::pause();
  }
  ::close(fds[1]);
  std::string line;
  for (char c; ::read(fds[0], &c, 1) == 1;) line += c;
  ::close(fds[0]);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const auto space = line.find(' ');
  ASSERT_NE(space, std::string::npos);
  // Its sshd is being killed now; the address can be bound again once it is gone.
  const auto address = line.substr(0, space);
  const int port = std::stoi(line.substr(space + 1));
  const auto deadline = within(std::chrono::seconds(20));
  bool gone = false;
  while (!gone && std::chrono::steady_clock::now() < deadline) {
    try {
      connect_tcp(address, port, {}, deadline, std::make_shared<Interrupter>());
    } catch (const std::exception&) {
      gone = true;
    }
  }
  EXPECT_TRUE(gone);
}

TEST(Dropbear, is_a_worker_of_busybox_and_make_and_nothing_else) {
  DropbearWorker worker;
  TempDirectory secrets("maand-secrets");
  worker.write_secrets(secrets.path());
  SshTransport transport(options(secrets.path()));
  Endpoint to;
  to.address = worker.address();
  to.port = worker.port();
  to.user = "root";
  to.key = "worker.key";
  auto connected = transport.connect(to);
  ASSERT_TRUE(connected.connection) << connected.detail;
  const auto ran =
      run(*connected.connection,
          "printf 'hello:\\n\\t@echo made\\n' > /tmp/Makefile; make -f /tmp/Makefile; readlink /bin/ls; "
          "touch /opt/worker/here; command -v bash || echo no bash; exit 4");
  EXPECT_EQ(ran.result.exit_status, 4) << ran.result.detail;
  EXPECT_EQ(ran.out, "made\nbusybox\nno bash\n") << ran.err;
  EXPECT_TRUE(std::filesystem::exists(worker.root() / "here"));
  EXPECT_EQ(worker.accepted(), 1);
}

}  // namespace
}  // namespace maand::testing
