// Hooks that hang, fork and flood, against the real runner: each is stopped, named, and gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>

#include "executor/hook_processes.h"
#include "tests/integration/hook_kit.h"

namespace maand::testing {
namespace {

using ::testing::HasSubstr;
using End = HookResult::End;

// With a namespace of processes for each, which only root can make, and without.
class HookLimitsTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam() && ::geteuid() != 0) GTEST_SKIP() << "only root can make a namespace of processes";
  }
  static HookOptions with_limits(const std::function<void(HookLimits&)>& set) {
    HookOptions options = testing::with_limits(set);
    options.own_processes = GetParam();
    return options;
  }
};

TEST_P(HookLimitsTest, one_that_hangs_is_stopped_at_its_timeout_with_all_that_it_started) {
  HookWorld world(with_limits([](HookLimits&) {}));
  const std::string sleep = fresh_sleep();
  HookCall call = world.call(
      "import signal, subprocess, time\n"
      "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"  // and does not want to end
      "subprocess.Popen(['sleep', '" +
      sleep +
      "'])\n"
      "time.sleep(3600)\n");
  call.timeout = std::chrono::seconds(1);
  const HookResult result = run(world, std::move(call));
  EXPECT_EQ(result.end, End::kTimedOut);
  EXPECT_THAT(result.detail, HasSubstr("after 1 s"));
  EXPECT_EQ(processes_with(sleep), 0);
}

TEST_P(HookLimitsTest, one_that_is_asked_to_end_has_time_to_tidy_up) {
  HookOptions options = with_limits([](HookLimits& limits) { limits.mercy = std::chrono::seconds(30); });
  HookWorld world(options);
  HookCall call = world.call(
      "import signal, sys, time\n"
      "def tidy(*_):\n    print('tidied'); sys.exit(0)\n"
      "signal.signal(signal.SIGTERM, tidy)\nprint('ready')\ntime.sleep(3600)\n");
  HookAnswer answer;
  const Hooks::Ticket ticket = world.hooks().run(std::move(call), answer.output(), answer.sink());
  ASSERT_TRUE(answer.wait_for_output("ready"));
  world.hooks().cancel(ticket);
  EXPECT_EQ(answer.wait().end, End::kCancelled);
  EXPECT_THAT(answer.text(), HasSubstr("tidied"));
}

TEST_P(HookLimitsTest, a_daemon_that_it_leaves_behind_is_ended_with_it) {
  HookWorld world(with_limits([](HookLimits&) {}));
  const std::string sleep = fresh_sleep();
  // Twice forked, a session of its own, no descriptor of ours.
  const HookResult result = run(world, world.call("import os\n"
                                                  "if os.fork() == 0:\n"
                                                  "    os.setsid()\n"
                                                  "    if os.fork() == 0:\n"
                                                  "        null = os.open('/dev/null', os.O_RDWR)\n"
                                                  "        for fd in (0, 1, 2): os.dup2(null, fd)\n"
                                                  "        os.execvp('sleep', ['sleep', '" +
                                                  sleep +
                                                  "'])\n"
                                                  "    os._exit(0)\n"
                                                  "os.wait()\n"));
  EXPECT_EQ(result.end, End::kDone) << result.detail;
  EXPECT_EQ(processes_with(sleep), 0);
}

TEST_P(HookLimitsTest, one_that_keeps_its_output_open_beyond_its_end_holds_up_nobody) {
  HookWorld world(with_limits([](HookLimits&) {}));
  const std::string sleep = fresh_sleep();
  const HookResult result = run(world, world.call("import subprocess\nsubprocess.Popen(['sleep', '" + sleep +
                                                  "'], start_new_session=True)\n"));
  EXPECT_EQ(result.end, End::kDone) << result.detail;
  EXPECT_EQ(processes_with(sleep), 0);
}

TEST_P(HookLimitsTest, one_that_forks_without_end_is_stopped) {
  // What they share is counted for each of them.
  HookWorld world(with_limits([](HookLimits& limits) {
    limits.tasks = 60;
    limits.memory_bytes = 16ull << 30;
  }));
  const std::string mark = "bomb-" + fresh_sleep();  // other tests may run hooks beside this one
  HookCall call = world.call(kBomb);
  call.environment.emplace_back("MARK", mark);
  const HookResult result = run(world, std::move(call));
  EXPECT_EQ(result.end, End::kOverLimit) << result.detail;
  EXPECT_THAT(result.detail, HasSubstr("more than 60 processes"));
  EXPECT_EQ(processes_with(mark, "environ"), 0);
}

// Each of them wants the processor, so that whoever is to stop them hardly gets a turn.
TEST_P(HookLimitsTest, one_whose_children_fork_and_keep_every_processor_busy_is_stopped) {
  HookWorld world(with_limits([](HookLimits& limits) {
    limits.tasks = 60;
    limits.memory_bytes = 64ull << 30;
  }));
  const std::string mark = "bomb-" + fresh_sleep();
  // Bounded by itself as well: a byte of the file for each, 2,000 at most.
  HookCall call = world.call(
      "import os\n"
      "count = os.open(os.environ['TMPDIR'] + '/count', os.O_WRONLY | os.O_CREAT | os.O_APPEND)\n"
      "while True:\n"
      "    if os.fstat(count).st_size >= 2000: continue\n"
      "    try: os.fork()\n"
      "    except OSError: continue\n"
      "    os.write(count, b'.')\n");
  call.environment.emplace_back("MARK", mark);
  call.timeout = std::chrono::seconds(60);
  const HookResult result = run(world, std::move(call));
  EXPECT_EQ(result.end, End::kOverLimit) << result.detail;
  EXPECT_EQ(processes_with(mark, "environ"), 0);
}

TEST_P(HookLimitsTest, threads_count_as_processes) {
  HookWorld world(with_limits([](HookLimits& limits) { limits.tasks = 20; }));
  const HookResult result =
      run(world, world.call("import threading, time\n"
                            "for _ in range(40):\n"
                            "    threading.Thread(target=time.sleep, args=(3600,)).start()\n"));
  EXPECT_EQ(result.end, End::kOverLimit) << result.detail;
}

TEST_P(HookLimitsTest, output_without_end_is_cut_with_a_mark_and_then_stopped) {
  HookWorld world(with_limits([](HookLimits& limits) {
    limits.output_shown_bytes = 1000;
    limits.output_most_bytes = 1u << 20;
  }));
  std::string output;
  const HookResult result = run(world, world.call("while True: print('x' * 99)\n"), &output);
  EXPECT_EQ(result.end, End::kOverLimit) << result.detail;
  EXPECT_THAT(result.detail, HasSubstr("bytes of output"));
  EXPECT_LT(output.size(), 1200u);
  EXPECT_THAT(output, HasSubstr("the rest is not shown"));
}

TEST_P(HookLimitsTest, output_that_is_long_and_ends_is_cut_and_succeeds) {
  HookWorld world(with_limits([](HookLimits& limits) { limits.output_shown_bytes = 1000; }));
  std::string output;
  const HookResult result =
      run(world, world.call("print('x' * 300000)\n"), &output);  // one line, above any pipe
  EXPECT_EQ(result.end, End::kDone) << result.detail;
  EXPECT_THAT(output, HasSubstr("the rest is not shown"));
}

TEST_P(HookLimitsTest, memory_and_cpu_time_have_limits) {
  struct Row {
    const char* program;
    std::function<void(HookLimits&)> set;
    End end;
    const char* says;
  };
  const Row rows[] = {
      {"import time\nx = bytearray(b'x') * (300 << 20)\ntime.sleep(3600)\n",
       [](HookLimits& limits) { limits.memory_bytes = 100u << 20; }, End::kOverLimit, "100 MiB of memory"},
      // What one process asks for at once it does not get.
      {"try:\n    x = bytearray(b'x') * (900 << 20)\nexcept MemoryError:\n    raise SystemExit(7)\n",
       [](HookLimits& limits) { limits.data_bytes = 500u << 20; }, End::kFailed, "exited with 7"},
      {"while True: pass\n", [](HookLimits& limits) { limits.cpu = std::chrono::seconds(1); },
       End::kOverLimit, "1 s of CPU time"},
      {"open('big', 'wb').write(b'x' * 100000)\n", [](HookLimits& limits) { limits.file_bytes = 65536; },
       End::kFailed, "exited with 1"},
      {"import os\nos.kill(os.getpid(), 15)\n", [](HookLimits&) {}, End::kFailed, "signal 15"},
  };
  for (const Row& row : rows) {
    HookWorld world(with_limits(row.set));
    std::string output;
    const HookResult result = run(world, world.call(row.program), &output);
    EXPECT_EQ(result.end, row.end) << row.program << result.detail << output;
    EXPECT_THAT(result.detail, HasSubstr(row.says));
  }
}

TEST_P(HookLimitsTest, one_whose_supervisor_is_killed_ends_with_all_that_it_started) {
  HookWorld world(with_limits([](HookLimits&) {}));
  const std::string sleep = fresh_sleep();
  const HookAnswer answer = begin(world, world.call("import subprocess, time\n"
                                                    "subprocess.Popen(['sleep', '" +
                                                    sleep +
                                                    "'], start_new_session=True)\n"
                                                    "print('ready')\ntime.sleep(3600)\n"));
  ASSERT_TRUE(answer.wait_for_output("ready"));
  ASSERT_TRUE(in_the_end([&] { return processes_with(sleep) == 1; }));  // its command line comes late
  ::kill(descendants_of(::getpid()).front(), SIGKILL);
  const HookResult result = answer.wait();
  EXPECT_EQ(result.end, End::kFailed);
  EXPECT_THAT(result.detail, HasSubstr("supervisor was killed"));
  EXPECT_EQ(processes_with(sleep), 0);
}

INSTANTIATE_TEST_SUITE_P(Processes, HookLimitsTest, ::testing::Bool(),
                         [](const auto& one) { return one.param ? "OwnNamespace" : "Shared"; });

}  // namespace
}  // namespace maand::testing
