// What a hook runs on workers, against a real sshd: outputs apart, as ssh itself would have them.
#include <chrono>
#include <functional>
#include <future>
#include <stop_token>
#include <string>
#include <utility>

#include "executor/hook_ssh.h"
#include "tests/integration/ssh_fixture.h"

namespace maand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class HookSshTest : public ::testing::Test {
 protected:
  HookSshTest()
      : secrets_("maand-secrets"),
        options_(prepare()),
        ssh_([this] { return std::make_unique<SshTransport>(options_); }) {}
  SshOptions prepare() {
    fleet_.write_secrets(secrets_.path());
    return options(secrets_.path());
  }
  HookSshAnswer run(const std::string& command, Seconds limit = Seconds(60),
                    const std::stop_token& stop = {}) {
    return ssh_.run(endpoint(fleet_), command, limit, stop);
  }
  // How many processes of the worker have what `pattern` fits in their command line. It must not fit itself.
  std::string with(const std::string& pattern) {
    return run("grep -la '" + pattern + "' /proc/[0-9]*/cmdline 2>/dev/null | wc -l").out;
  }

  SshdFleet fleet_{{.workers = 1}};
  TempDirectory secrets_;
  SshOptions options_;
  WorkerHookSsh ssh_;
};

TEST_F(HookSshTest, outputs_come_apart_and_whole_and_the_status_is_the_commands) {
  struct Row {
    const char* command;
    int returncode;
    std::string out;
    std::string err;
  };
  const Row rows[] = {
      {"true", 0, "", ""},
      {"echo out; echo err >&2; exit 7", 7, "out\n", "err\n"},
      {"printf out; printf err >&2", 0, "out", "err"},
      {"printf 'a\\n\\n\\n'; printf 'b\\n\\n\\n' >&2", 0, "a\n\n\n", "b\n\n\n"},
      {"cd / && false || echo \"it's $(pwd)\"", 0, "it's /\n", ""},
      {"echo a |\ntr a b\nexit 3", 3, "b\n", ""},
      {"cat; echo done", 0, "done\n", ""},  // it has no stdin
      {"kill -9 $$", 137, "", ""},
      {"(exec 1>&2; echo to-err)", 0, "", "to-err\n"},
  };
  for (const Row& row : rows) {
    const HookSshAnswer answer = run(row.command);
    EXPECT_EQ(answer.out, row.out) << row.command;
    if (std::string_view(row.command).starts_with("kill")) {
      EXPECT_NE(answer.returncode, 0);
      continue;
    }
    EXPECT_EQ(answer.returncode, row.returncode) << row.command;
    EXPECT_EQ(answer.err, row.err) << row.command;
  }
}

TEST_F(HookSshTest, much_output_of_both_kinds_stands_in_nobodys_way) {
  const HookSshAnswer answer =
      run("head -c 300000 /dev/zero | tr '\\0' o; head -c 300000 /dev/zero | tr '\\0' e >&2");
  EXPECT_EQ(answer.returncode, 0);
  EXPECT_EQ(answer.out, std::string(300000, 'o'));
  EXPECT_EQ(answer.err, std::string(300000, 'e'));
}

TEST_F(HookSshTest, a_command_that_takes_too_long_is_124_and_gone) {
  const HookSshAnswer answer = run("echo begun; sleep 4242.1; true", Seconds(1));
  EXPECT_EQ(answer.returncode, 124);
  EXPECT_EQ(answer.out, "begun\n");
  EXPECT_THAT(answer.err, HasSubstr("took too long"));
  EXPECT_EQ(with("4242[.]1"), "0\n");
}

TEST_F(HookSshTest, one_that_is_given_up_ends_on_its_worker) {
  std::stop_source stop;
  auto answer =
      std::async(std::launch::async, [&] { return run("sleep 4242.2", Seconds(300), stop.get_token()); });
  const auto in_the_end = [&](const std::string& count) {
    const auto end = soon();
    while (with("4242[.]2") != count) {
      if (std::chrono::steady_clock::now() > end) return false;
    }
    return true;
  };
  EXPECT_TRUE(in_the_end("1\n"));
  stop.request_stop();
  EXPECT_EQ(answer.get().returncode, 255);
  EXPECT_TRUE(in_the_end("0\n"));
}

TEST_F(HookSshTest, a_worker_that_is_not_reached_is_255_and_says_why) {
  fleet_.kill(0);
  const HookSshAnswer answer = run("true");
  EXPECT_EQ(answer.returncode, 255);
  EXPECT_THAT(answer.err, StartsWith(fleet_.address(0) + " was not reached"));
}

TEST_F(HookSshTest, a_command_stands_in_no_command_line_of_the_worker) {
  EXPECT_EQ(
      run("secret=PLANTED-WORD; grep -la 'PLANTED-WOR[D]' /proc/[0-9]*/cmdline 2>/dev/null | wc -l").out,
      "0\n");
}

}  // namespace
}  // namespace maand::testing
