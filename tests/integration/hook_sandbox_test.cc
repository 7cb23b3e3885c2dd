// Hooks as another user and in bubblewrap, against the real runner; left out by name where that cannot be
// had.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "executor/sandbox_trial.h"
#include "tests/integration/hook_kit.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using End = HookResult::End;

TEST(hook_isolation, another_user_owns_its_directory_and_reads_nothing_of_ours) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can run hooks as another user";
  TempDir directory;
  std::ofstream(directory.path() / "kv.key") << "PLANTED";
  fs::permissions(directory.path() / "kv.key", fs::perms::owner_read | fs::perms::owner_write);
  HookOptions options = with_limits([](HookLimits& limits) { limits.tasks = 60; });
  options.user = "nobody";
  HookWorld world(options);
  HookCall call = world.call(
      "import maand, os\n"
      "print(os.getuid() == os.geteuid() != 0, 0 in os.getgroups(), os.stat(maand.find_bucket_root()).st_uid "
      "== os.getuid())\n"
      "try: open(os.environ['PLANTED']).read(); print('read')\nexcept OSError: print('closed')\n"
      "open('x', 'w').write('x')\n"
      "print(maand.put_job_variable('a', 'b').status_code)\n");
  call.environment = {{"PLANTED", (directory.path() / "kv.key").string()}};
  std::string output;
  EXPECT_EQ(run(world, std::move(call), &output).end, End::kDone) << output;
  EXPECT_EQ(output, "True False True\nclosed\n200\n");
  const std::string mark = "bomb-" + fresh_sleep();  // other tests may run hooks beside this one
  HookCall bomb = world.call(kBomb);
  bomb.environment = {{"MARK", mark}};
  EXPECT_EQ(run(world, bomb).end, End::kOverLimit);
  options.own_processes = false;
  HookWorld shared(options);
  bomb.values = shared.call("").values;
  EXPECT_EQ(run(shared, bomb).end, End::kOverLimit);
  EXPECT_EQ(processes_with(mark, "environ"), 0);
}

TEST(hook_isolation, a_user_that_is_none_is_named) {
  HookOptions options = HookWorld::default_options();
  options.user = "no-such-user";
  HookWorld world(options);
  const HookResult result = run(world, world.call(""));
  EXPECT_EQ(result.end, End::kNotRun);
  EXPECT_THAT(result.detail, HasSubstr("no user \"no-such-user\""));
}

// With bwrap, where it works; says why it was left out where it does not.
class HookSandboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::access("/usr/bin/bwrap", X_OK) != 0) GTEST_SKIP() << "bubblewrap is not installed";
    HookWorld world(options());
    const HookResult result = run(world, world.call(""));
    if (result.detail.find("bwrap:") != std::string::npos)
      GTEST_SKIP() << "bwrap does not work here: " << result.detail;
  }
  static HookOptions options() {
    HookOptions options = with_limits([](HookLimits& limits) { limits.tasks = 60; });
    options.sandbox = HookSandbox::kBwrap;
    return options;
  }
};

TEST_F(HookSandboxTest, sees_its_directory_and_the_systems_programs_and_speaks_with_the_api) {
  TempDir directory;
  std::ofstream(directory.path() / "kv.key") << "PLANTED";
  HookWorld world(options());
  HookCall call = world.call(
      "import maand, os\n"
      "print(os.path.exists(os.environ['PLANTED']), os.path.exists('/etc/shadow'), os.path.exists('/root'))\n"
      "print(len([p for p in os.listdir('/proc') if p.isdigit()]) < 5)\n"
      "try: open('/usr/x', 'w'); print('written')\nexcept OSError: print('read-only')\n"
      "print(maand.put_job_secret('a', 'b').status_code, maand.get_kv_value('secrets/job/api', 'a'))\n"
      "print(os.path.relpath(os.getcwd(), maand.find_bucket_root()))\n");
  call.environment = {{"PLANTED", (directory.path() / "kv.key").string()}};
  std::string output;
  const HookResult result = run(world, std::move(call), &output);
  EXPECT_EQ(result.end, End::kDone) << output << result.detail;
  EXPECT_EQ(output, "False False False\nTrue\nread-only\n200 b\ntmp/workers/10.0.0.1/jobs/api/_modules\n");
}

TEST_F(HookSandboxTest, is_known_by_its_connection_too) {
  HookWorld world(options());
  std::string output;
  run(world,
      world.call("import maand, os\nos.environ.pop('MAAND_HOOK_TOKEN')\n"
                 "print(maand.put_job_variable('a', 'b').status_code)\n"),
      &output);
  EXPECT_EQ(output, "200\n");
}

TEST_F(HookSandboxTest, ends_with_all_that_it_started) {
  HookWorld world(options());
  const std::string mark = "bomb-" + fresh_sleep();
  HookCall bomb = world.call(kBomb);
  bomb.environment = {{"MARK", mark}};
  EXPECT_EQ(run(world, std::move(bomb)).end, End::kOverLimit);
  HookCall call = world.call("import time\ntime.sleep(3600)\n");
  call.environment = {{"MARK", mark}};
  call.timeout = std::chrono::seconds(1);
  EXPECT_EQ(run(world, std::move(call)).end, End::kTimedOut);
  EXPECT_EQ(processes_with(mark, "environ"), 0);
  EXPECT_EQ(run(world, world.call("raise SystemExit(3)")).status, 3);
}

TEST_F(HookSandboxTest, has_its_token_in_no_command_line) {
  HookWorld world(options());
  const HookAnswer answer = begin(world, world.call("import os, time\nprint(os.environ['MAAND_HOOK_TOKEN'])\n"
                                                    "time.sleep(3600)\n"));
  ASSERT_TRUE(answer.wait_for_output("\n"));
  EXPECT_EQ(processes_with(answer.text().substr(0, 64)), 0);
}

TEST_F(HookSandboxTest, works_for_another_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can run hooks as another user";
  HookOptions as_nobody = options();
  as_nobody.user = "nobody";
  HookWorld world(as_nobody);
  std::string output;
  const HookResult result =
      run(world, world.call("import maand\nprint(maand.put_job_variable('a', 'b').status_code)\n"), &output);
  if (result.detail.find("bwrap:") != std::string::npos)
    GTEST_SKIP() << "user namespaces are closed here: " << result.detail;
  EXPECT_EQ(result.end, End::kDone) << output << result.detail;
  EXPECT_EQ(output, "200\n");
}

TEST_F(HookSandboxTest, is_tried_before_the_first_hook_and_word_of_it_is_left_while_the_runner_lives) {
  TempDir directory;
  HookOptions with_word = options();
  with_word.sandbox_word = directory.path() / "word";
  {
    HookWorld world(with_word);
    ASSERT_TRUE(fs::exists(with_word.sandbox_word));
    EXPECT_EQ(text_of(with_word.sandbox_word), "");
    EXPECT_EQ(run(world, world.call("")).end, End::kDone);
  }
  EXPECT_FALSE(fs::exists(with_word.sandbox_word));
}

// A supervisor that cannot do its work stands for a bwrap that cannot.
TEST(hook_isolation, a_sandbox_that_cannot_be_had_is_told_with_what_to_do_and_no_hook_runs_without_it) {
  if (::access("/usr/bin/bwrap", X_OK) != 0) GTEST_SKIP() << "bubblewrap is not installed";
  TempDir directory;
  HookOptions options = HookWorld::default_options();
  options.sandbox = HookSandbox::kBwrap;
  options.scratch = directory.path() / "scratch";
  options.sandbox_word = directory.path() / "word";
  options.supervisor_command = {"/bin/false"};
  const std::string problem = sandbox_problem(options);
  EXPECT_THAT(problem, HasSubstr("bwrap cannot make its namespaces"));
  EXPECT_THAT(problem, HasSubstr("sandboxed-hooks.conf"));
  EXPECT_EQ(problem.find('\n'), std::string::npos);
  HookWorld donor;  // for a call
  HookRunner runner(options, nullptr);
  EXPECT_EQ(text_of(options.sandbox_word), problem);
  HookAnswer answer;
  runner.run(donor.call("open('x', 'w')"), answer.output(), answer.sink());
  const HookResult result = answer.wait();
  EXPECT_EQ(result.end, End::kNotRun);
  EXPECT_EQ(result.detail, problem);
  EXPECT_EQ(answer.text(), "");
}

TEST(hook_isolation, without_a_sandbox_there_is_nothing_to_try) {
  HookOptions options = HookWorld::default_options();
  options.supervisor_command = {"/bin/false"};
  EXPECT_EQ(sandbox_problem(options), "");
}

}  // namespace
}  // namespace maand::testing
