// What a hook sees of the control host and leaves on it, against the real runner.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/hook_kit.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using End = HookResult::End;

TEST(hook_isolation, it_sees_its_own_environment_and_nothing_of_the_daemon) {
  ::setenv("PLANTED_SECRET", "of-the-daemon", 1);
  HookWorld world;
  HookCall call = world.call(
      "import os\n"
      "for name in sorted(os.environ): print(name)\n"
      "print('index', os.environ['ALLOCATION_INDEX'], os.environ['DEPLOY_PHASE'], "
      "os.environ['NEW_VERSION'])\n"
      "print('fds', sorted(int(fd) for fd in os.listdir('/proc/self/fd'))[:-1])\n"
      "print('stdin', repr(open(0).read()))\n"
      "print('groups', os.getsid(0) == os.getpid())\n");
  call.environment = {{"DEPLOY_PHASE", "start"}, {"NEW_VERSION", "not this one"}};
  std::string output;
  EXPECT_EQ(run(world, std::move(call), &output).end, End::kDone) << output;
  EXPECT_EQ(
      output,
      "ALLOCATION_ID\nALLOCATION_INDEX\nALLOCATION_IP\nCOMMAND\nCURRENT_VERSION\nDEPLOY_"
      "PHASE\nDISABLED\nEVENT\n"
      "HOME\nJOB\nJOB_COMMAND_API_HOST\nJOB_COMMAND_API_PORT\nLANG\nMAAND_HOOK_TOKEN\nMAAND_WORKER_ROOT\n"
      "NEW_VERSION\nPATH\nPYTHONUNBUFFERED\nTMPDIR\nindex 2 start 1.1.0\nfds [0, 1, 2]\nstdin ''\ngroups "
      "True\n");
  ::unsetenv("PLANTED_SECRET");
}

// Published hooks walk up to maand.conf, read `_modules/certs/`, and import what lies beside them.
TEST(hook_isolation, its_directory_looks_like_the_bucket_that_published_hooks_expect) {
  HookWorld world;
  HookCall call = world.call(
      "import os, stat, sys, helper, maand\n"
      "root = maand.find_bucket_root()\n"
      "print(os.path.relpath(os.getcwd(), root))\n"
      "print(os.path.relpath(os.path.abspath(__file__), root))\n"
      "print(oct(os.stat(root).st_mode & 0o777), maand.load_ssh()[0], maand.load_ssh()[2])\n"
      "print(os.path.relpath(maand.load_ssh()[1], root), os.path.exists(maand.load_ssh()[1]))\n"
      "for name in sorted(os.listdir('certs')):\n"
      "    print(name, open('certs/' + name).read(), oct(os.stat('certs/' + name).st_mode & 0o777))\n"
      "print(open('../config.tpl').read(), helper.word, os.access('run.sh', os.X_OK), os.access('helper.py', "
      "os.X_OK))\n");
  call.files = HookWorld::files({{"_modules/command_x.py", *call.files->front().bytes},
                                 {"_modules/helper.py", "word = 'helps'"},
                                 {"_modules/maand.py", "raise Exception('of the job')"},
                                 {"_modules/run.sh", "#!/bin/sh\n"},
                                 {"_modules/certs/ca.crt", "of git"},
                                 {"config.tpl", "{{.Unrendered}}"}});
  call.certificates = {{"api.crt", "C"}, {"api.key", "K"}, {"ca.crt", "A"}};
  std::string output;
  EXPECT_EQ(run(world, std::move(call), &output).end, End::kDone) << output;
  EXPECT_EQ(output,
            "tmp/workers/10.0.0.1/jobs/api/_modules\ntmp/workers/10.0.0.1/jobs/api/_modules/command_x.py\n"
            "0o700 agent False\nsecrets/worker.key False\n"
            "api.crt C 0o644\napi.key K 0o600\nca.crt of git 0o600\n"
            "{{.Unrendered}} helps True False\n");
}

TEST(hook_isolation, the_workers_key_is_there_only_when_it_is_exposed) {
  TempDir directory;
  std::ofstream(directory.path() / "worker.key") << "PLANTED-KEY";
  for (const bool expose : {false, true}) {
    HookOptions options = HookWorld::default_options();
    options.ssh_key = directory.path() / "worker.key";
    options.expose_key = expose;
    HookWorld world(options);
    std::string output;
    run(world,
        world.call("import maand, os\n_, key, _ = maand.load_ssh()\n"
                   "print(open(key).read() if os.path.exists(key) else 'no key')\n"
                   "print(os.path.dirname(os.path.dirname(key)))\n"),
        &output);
    EXPECT_THAT(output, HasSubstr(expose ? "PLANTED-KEY\n" : "no key\n"));
    EXPECT_FALSE(
        fs::exists(output.substr(output.find('\n') + 1, output.rfind('\n') - output.find('\n') - 1)));
  }
}

TEST(hook_isolation, nothing_is_left_of_its_directory_whatever_it_did_to_it) {
  HookWorld world;
  std::string output;
  const HookResult result = run(
      world,
      world.call(
          "import maand, os\n"
          "os.makedirs('a/b')\nopen('a/b/c', 'w').write('secret')\nos.chmod('a/b', 0)\nos.chmod('a', 0o500)\n"
          "os.symlink('/usr', 'a-link-to-usr')\n"
          "open(os.environ['TMPDIR'] + '/x', 'w').write('secret')\n"
          "print(maand.find_bucket_root())\n"),
      &output);
  EXPECT_EQ(result.end, End::kDone) << result.detail << output;
  ASSERT_TRUE(output.starts_with("/") && output.size() > 2) << output;
  EXPECT_FALSE(fs::exists(output.substr(0, output.size() - 1)));
  EXPECT_TRUE(fs::exists("/usr/bin"));
}

TEST(hook_isolation, a_file_that_would_lie_outside_of_it_keeps_it_from_running) {
  for (const char* path : {"../../x", "/etc/x", "a/../../../x", ""}) {
    HookWorld world;
    HookCall call = world.call("");
    call.files = HookWorld::files({{"_modules/command_x.py", ""}, {path, "x"}});
    const HookResult result = run(world, std::move(call));
    EXPECT_EQ(result.end, End::kNotRun) << path;
    EXPECT_THAT(result.detail, HasSubstr("cannot be put into its directory"));
  }
}

TEST(hook_isolation, its_token_stands_in_no_command_line) {
  HookWorld world;
  const HookAnswer answer = begin(world, world.call("import os, time\nprint(os.environ['MAAND_HOOK_TOKEN'])\n"
                                                    "time.sleep(3600)\n"));
  ASSERT_TRUE(answer.wait_for_output("\n"));
  const std::string token = answer.text().substr(0, answer.text().find('\n'));
  ASSERT_EQ(token.size(), 64u);
  EXPECT_EQ(processes_with(token), 0);
  EXPECT_GE(processes_with(token, "environ"), 1);  // the look would find it
  world.end();
  EXPECT_EQ(answer.wait().end, End::kCancelled);
  EXPECT_EQ(processes_with(token, "environ"), 0);
}

TEST(hook_isolation, a_daemon_that_is_killed_leaves_no_hook_and_no_directory) {
  TempDir directory;
  const fs::path told = directory.path() / "told";
  const std::string sleep = fresh_sleep();
  const pid_t daemon = ::fork();
  if (daemon == 0) {
    HookWorld world;
    HookCall call = world.call(
        "import maand, os, subprocess, time\n"
        "subprocess.Popen(['sleep', '" +
        sleep +
        "'], start_new_session=True)\n"
        "with open(os.environ['TOLD'] + '.new', 'w') as out: out.write(maand.find_bucket_root())\n"
        "os.rename(os.environ['TOLD'] + '.new', os.environ['TOLD'])\n"
        "time.sleep(3600)\n");
    call.environment = {{"TOLD", told.string()}};
    const HookAnswer answer = begin(world, std::move(call));
    answer.wait();
    ::_exit(1);
  }
  ASSERT_TRUE(in_the_end([&] { return fs::exists(told); }));
  const std::string root = text_of(told);
  EXPECT_TRUE(fs::exists(root));
  EXPECT_TRUE(in_the_end([&] { return processes_with(sleep) == 1; }));
  ::kill(daemon, SIGKILL);
  ::waitpid(daemon, nullptr, 0);
  EXPECT_TRUE(in_the_end([&] { return processes_with(sleep) == 0; }));
  EXPECT_TRUE(in_the_end([&] { return !fs::exists(root); }));
}

TEST(hook_isolation, what_a_dead_daemon_has_left_is_taken_away_and_what_a_living_one_has_is_not) {
  HookWorld living;
  const HookAnswer answer = begin(living, living.call("import maand, time\nprint(maand.find_bucket_root())\n"
                                                      "time.sleep(3600)\n"));
  ASSERT_TRUE(answer.wait_for_output("\n"));
  const fs::path root = answer.text().substr(0, answer.text().find('\n'));
  // The same name with another start time of its owner.
  std::string name = root.filename().string();
  name.insert(name.rfind('-'), "9");
  const fs::path left = root.parent_path() / name;
  fs::create_directories(left / "secrets");
  HookWorld next;
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(root));
}

TEST(hook_isolation, one_whose_program_is_missing_says_what_to_install) {
  TempDir empty;
  struct Row {
    const char* ending;
    const char* says;
  };
  for (const Row& row :
       {Row{".py", "install python3"}, Row{".ts", "install bun, or node"}, Row{".js", "install bun"}}) {
    HookOptions options = HookWorld::default_options();
    options.path = empty.path().string();
    HookWorld world(options);
    const HookResult result = run(world, world.call("", row.ending));
    EXPECT_EQ(result.end, End::kNotRun);
    EXPECT_THAT(result.detail, HasSubstr(row.says));
  }
  HookWorld world;
  HookCall call = world.call("");
  call.command = "command_y";
  EXPECT_THAT(run(world, std::move(call)).detail, HasSubstr("no _modules/command_y.py"));
}

TEST(hook_isolation, a_node_that_cannot_strip_types_is_named_with_its_version) {
  TempDir directory;
  for (const auto& [version, says] :
       std::vector<std::pair<std::string, std::string>>{{"v20.20.2", "node 20.20 cannot run TypeScript"},
                                                        {"nonsense", "node 0.0 cannot run TypeScript"}}) {
    std::ofstream(directory.path() / "node") << "#!/bin/sh\necho " << version << "\n";
    fs::permissions(directory.path() / "node", fs::perms::owner_all);
    HookOptions options = HookWorld::default_options();
    options.path = directory.path().string();
    HookWorld world(options);
    const HookResult result = run(world, world.call("", ".ts"));
    EXPECT_EQ(result.end, End::kNotRun);
    EXPECT_THAT(result.detail, HasSubstr(says));
  }
}

TEST(hook_isolation, a_virtual_environment_of_the_job_goes_before_the_systems) {
  HookWorld world;
  for (const char* place : {"_modules/venv/bin/python", "_modules/.venv/bin/python3"}) {
    HookCall call = world.call("print('of the system')");
    call.files = HookWorld::files({{"_modules/command_x.py", *call.files->front().bytes},
                                   {place, "#!/bin/sh\necho \"of the job: $1\"\n"}});
    std::string output;
    EXPECT_EQ(run(world, std::move(call), &output).end, End::kDone);
    EXPECT_EQ(output, "of the job: command_x.py\n");
  }
}

// The original never shipped one, and looked for it where the workspace lay (workspace.md 10.1).
TEST(hook_isolation, a_virtual_environment_that_an_operator_made_goes_before_the_systems) {
  TempDir bucket;
  HookOptions options = HookWorld::default_options();
  options.workspace = bucket.path() / "workspace";
  const fs::path bin = options.workspace / "jobs/api/_modules/.venv/bin";
  fs::create_directories(bin);
  std::ofstream(bin / "tool") << "#!/bin/sh\necho \"made by hand: $1\"\n";
  fs::permissions(bin / "tool", fs::perms::owner_all);
  fs::create_symlink("tool", bin / "python3");
  HookWorld world(options);
  std::string output;
  EXPECT_EQ(run(world, world.call("print('of the system')"), &output).end, End::kDone);
  EXPECT_EQ(output, "made by hand: command_x.py\n");
}

}  // namespace
}  // namespace maand::testing
