// maand.py and maand.ts against the real API (workspace.md 10.5).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "executor/hook_sdk.h"
#include "tests/integration/hook_kit.h"
#include "tests/support/process.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace maand::testing {
namespace {

using ::testing::HasSubstr;
using End = HookResult::End;

// What a hook sends over SSH is written down here, and answered by a script.
class FakeSsh : public HookSsh {
 public:
  HookSshAnswer run(const Endpoint& endpoint, const std::string& command, Seconds limit,
                    const std::stop_token& stop) override {
    {
      const std::lock_guard guard(mutex_);
      asked_ += endpoint.host.str() + " " + std::to_string(limit.count()) + " " + command + "\n";
    }
    if (command == "hang") {
      std::unique_lock lock(mutex_);
      const std::stop_callback woken(stop, [this] { changed_.notify_all(); });
      changed_.wait_for(lock, std::chrono::minutes(1), [&] { return stop.stop_requested(); });
      gave_up_ = stop.stop_requested();
      return {};
    }
    if (command == "false") return {.returncode = 1, .out = "o", .err = "e"};
    return {.returncode = 0, .out = "out \xff\n", .err = "err\n"};
  }
  std::string asked() {
    const std::lock_guard guard(mutex_);
    return asked_;
  }
  bool gave_up() {
    const std::lock_guard guard(mutex_);
    return gave_up_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string asked_;
  bool gave_up_ = false;
};

HookCall with_worker(HookCall call) {
  Endpoint endpoint;
  endpoint.host = WorkerHost("10.0.0.1");
  call.workers["10.0.0.1"] = endpoint;
  return call;
}

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(hook_sdk, what_is_embedded_is_what_stands_in_the_tree) {
  EXPECT_EQ(kHookPython, file_text(MAAND_SDK "/maand.py"));
  EXPECT_EQ(kHookTypeScript, file_text(MAAND_SDK "/maand.ts"));
}

TEST(hook_sdk, python_has_every_name_of_the_original_and_they_work) {
  FakeSsh ssh;
  HookWorld world(HookWorld::default_options(), &ssh);
  world.values().give("maand/bucket", "bucket_id", "b-1");
  HookCall call = with_worker(world.call(
      "import maand\n"
      "def equal(got, wanted): assert got == wanted, (got, wanted)\n"
      "def refused(call, status):\n"
      "    try: call()\n"
      "    except maand.MaandError as error: equal(error.response.status_code, status)\n"
      "    else: raise AssertionError('not refused')\n"
      // identity
      "equal(maand.allocation_id(), '2f0c7a1e-8f5d-5a44-9a52-6a3a4b1f1a10')\n"
      "equal((maand.allocation_ip(), maand.allocation_index(), maand.is_allocation_disabled()), ('10.0.0.1', "
      "2, True))\n"
      "equal((maand.command_event(), maand.command_name(), maand.job_name()), ('pre_deploy', 'command_x', "
      "'api'))\n"
      "equal((maand.get_allocation_id(), maand.get_allocation_ip(), maand.get_allocation_index()),\n"
      "      (maand.allocation_id(), '10.0.0.1', 2))\n"
      "equal((maand.get_event(), maand.get_command(), maand.get_job()), ('pre_deploy', 'command_x', 'api'))\n"
      // variables
      "r = maand.get_store_value('maand/bucket', 'bucket_id')\n"
      "r.raise_for_status()\n"
      "equal((r.status_code, r.json()['value'], r.ok, 'b-1' in r.text), (200, 'b-1', True, True))\n"
      "r = maand.get_store_value('vars/job/api', 'no')\n"
      "equal((r.status_code, r.ok), (404, False))\n"
      "refused(r.raise_for_status, 404)\n"
      "equal(maand.get_kv_value('maand/bucket', 'bucket_id'), 'b-1')\n"
      "refused(lambda: maand.get_kv_value('vars/job/db', 'x'), 400)\n"
      "equal(maand.put_job_variable('a', 'é ✓').status_code, 200)\n"
      "equal(maand.kv_put('vars/job/api', 'n', 3).status_code, 200)\n"
      "equal((maand.get_kv_value('vars/job/api', 'a'), maand.kv_get('vars/job/api', 'n').json()['value']), "
      "('é ✓', '3'))\n"
      "equal(maand.delete_job_variable('n').status_code, 200)\n"
      "equal(maand.put_job_secret('s', ' x ').status_code, 200)\n"
      "equal(maand.kv_put_secret('t', 'y').status_code, 200)\n"
      "equal(maand.get_kv_value('secrets/job/api', 's'), ' x ')\n"
      "equal(maand.delete_job_secret('t').status_code, 200)\n"
      "equal(maand.list_job_keys(), {'vars/job/api': ['a'], 'secrets/job/api': ['s']})\n"
      "equal(maand.list_job_keys('vars/job/api').status_code, 200)\n"
      "equal(maand.put_rollout_order(['w2', 'w1']).status_code, 400)\n"  // the fake keeps no rollout order
      "equal(maand.put_deploy_order('w2,w1').status_code, 400)\n"
      "refused(maand.get_rollout_order, 400)\n"
      // demands
      "equal(maand.list_command_demands(), [{'job': 'web', 'command': 'command_d', 'demand_config': {}}])\n"
      "equal(maand.get_demands().json()[0]['job'], 'web')\n"
      // semaphores
      "equal(maand.acquire_semaphore('lock')['acquired'], True)\n"
      "equal(maand.acquire_semaphore('lock', timeout_seconds=1).status_code, 200)\n"
      "equal(maand.semaphore_status('lock')['holders'], [maand.allocation_id()])\n"
      "refused(lambda: maand.acquire_semaphore('lock', capacity=2), 409)\n"
      "maand.release_semaphore('lock')\n"
      "refused(lambda: maand.release_semaphore('lock'), 409)\n"
      "equal(maand.semaphore_status('a b&c')['name'], 'a b&c')\n"
      // workers
      "done = maand.run_ssh('10.0.0.1', \"echo 'hi'\")\n"
      "equal((done.returncode, done.stdout, done.stderr), (0, 'out \\ufffd\\n', 'err\\n'))\n"
      "import subprocess\n"
      "try: maand.run_ssh('10.0.0.1', 'false', timeout=7)\n"
      "except subprocess.CalledProcessError as error: equal((error.returncode, error.stdout, error.stderr), "
      "(1, 'o', 'e'))\n"
      "else: raise AssertionError('not raised')\n"
      "equal(maand.run_ssh('10.0.0.1', 'false', check=False).returncode, 1)\n"
      "refused(lambda: maand.run_ssh('10.9.9.9', 'id'), 403)\n"
      "maand.run_make_target('10.0.0.1', 'status', env={'A': \"it's\"})\n"
      "maand.run_runner_target('10.0.0.1', 'restart', job='db')\n"
      "print('all of it')\n"));
  call.disabled = true;
  call.demands = {{JobName("web"), "command_d", "{}"}};
  std::string output;
  const HookResult result = run(world, std::move(call), &output);
  EXPECT_EQ(result.end, End::kDone) << output << result.detail;
  EXPECT_THAT(output, HasSubstr("all of it"));
  EXPECT_EQ(ssh.asked(),
            "10.0.0.1 300 echo 'hi'\n10.0.0.1 7 false\n10.0.0.1 300 false\n"
            "10.0.0.1 300 env 'A=it'\"'\"'s' CURRENT_VERSION=1.0.0 NEW_VERSION=1.1.0 make -s -C "
            "/opt/worker/b-1/jobs/api -- "
            "status\n"
            "10.0.0.1 300 env CURRENT_VERSION=1.0.0 NEW_VERSION=1.1.0 make -s -C /opt/worker/b-1/jobs/db -- "
            "restart\n");
}

TEST(hook_sdk, what_runs_on_a_worker_is_given_up_when_its_hook_ends) {
  FakeSsh ssh;
  HookWorld world(HookWorld::default_options(), &ssh);
  HookCall call = with_worker(world.call("import maand\nmaand.run_ssh('10.0.0.1', 'hang')\n"));
  HookAnswer answer;
  const Hooks::Ticket ticket = world.hooks().run(std::move(call), answer.output(), answer.sink());
  ASSERT_TRUE(in_the_end([&] { return ssh.asked().find("hang") != std::string::npos; }));
  world.hooks().cancel(ticket);
  EXPECT_EQ(answer.wait().end, End::kCancelled);
  EXPECT_TRUE(in_the_end([&] { return ssh.gave_up(); }));
}

// As one of the published catalogue does it: urllib, a body on GET, headers of its own, port 8080 by name.
TEST(hook_sdk, a_published_hook_with_its_own_client_works) {
  HookWorld world;
  world.values().give("maand/bucket", "bucket_id", "b-1");
  std::string output;
  run(world,
      world.call(
          "import json, os, urllib.request\n"
          "host = os.environ.get('JOB_COMMAND_API_HOST', '127.0.0.1')\n"
          "request = urllib.request.Request('http://%s:%s/kv' % (host, os.environ['JOB_COMMAND_API_PORT']), "
          "method='GET',\n"
          "    data=json.dumps({'namespace': 'maand/bucket', 'key': 'bucket_id'}).encode(),\n"
          "    headers={'X-ALLOCATION-ID': os.environ['ALLOCATION_ID'], 'EVENT': os.environ['EVENT'],\n"
          "             'COMMAND': os.environ['COMMAND'], 'Content-Type': 'application/json'})\n"
          "print(json.load(urllib.request.urlopen(request))['value'])\n"),
      &output);
  EXPECT_EQ(output, "b-1\n");
}

// In one file, as node runs it that cannot strip types; "": esbuild is missing. Node's own way is the hook's.
std::string without_types(const std::string& program) {
  constexpr const char* kEsbuild = "/usr/bin/esbuild";
  if (!std::filesystem::exists(kEsbuild)) return "";
  TempDir directory;
  write_file(directory.path() / "maand.ts", file_text(std::string(MAAND_SDK) + "/maand.ts"));
  write_file(directory.path() / "hook.ts", program);
  const ProgramResult made =
      call_program({.argv = {kEsbuild, "--bundle", "--platform=node", "--format=cjs", "--log-level=warning",
                             (directory.path() / "hook.ts").string()}});
  EXPECT_EQ(made.status, 0) << made.err;
  return made.out;
}

TEST(hook_sdk, typescript_has_the_same_names_and_they_work) {
  HookOptions options = HookWorld::default_options();
  if (const char* path = std::getenv("PATH")) options.path = path;
  HookWorld world(options);
  world.values().give("maand/bucket", "bucket_id", "b-1");
  const std::string program =
      "import * as maand from './maand.ts';\n"
      "function equal(got: any, wanted: any) {\n"
      "  if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(JSON.stringify([got, wanted])); "
      "}\n"
      "async function refused(call: () => Promise<any>, status: number) {\n"
      "  try { await call(); } catch (error: any) { equal(error.response.status, status); return; }\n"
      "  throw new Error('not refused'); }\n"
      "async function all_of_it() {\n"
      "equal([maand.job_name(), maand.allocation_ip(), maand.allocation_index()], ['api', '10.0.0.1', 2]);\n"
      "equal(await maand.get_kv_value('maand/bucket', 'bucket_id'), 'b-1');\n"
      "await refused(() => maand.get_kv_value('vars/job/api', 'no'), 404);\n"
      "equal((await maand.put_job_variable('a', 'é')).status, 200);\n"
      "equal((await maand.putJobSecret('s', ' x ')).ok, true);\n"
      "equal(await maand.get_kv_value('secrets/job/api', 's'), ' x ');\n"
      "equal((await maand.list_job_keys('vars/job/api'))['vars/job/api'], ['a']);\n"
      "equal((await maand.delete_job_variable('a')).status_code, 200);\n"
      "equal((await maand.delete_job_secret('s')).status_code, 200);\n"
      "equal(await maand.list_command_demands(), []);\n"
      "equal((await maand.acquire_semaphore('lock')).acquired, true);\n"
      "equal((await maand.semaphore_status('lock')).holders.length, 1);\n"
      "await maand.release_semaphore('lock');\n"
      "await refused(() => maand.release_semaphore('lock'), 409);\n"
      "console.log('all of it');\n"
      "}\n"
      "all_of_it().catch((error) => { console.error(error); process.exit(1); });\n";
  std::string output;
  HookResult result = run(world, world.call(program, ".ts"), &output);
  const auto says = [&](const char* words) { return result.detail.find(words) != std::string::npos; };
  if (result.end == End::kNotRun && says("cannot run TypeScript")) {
    const std::string script = without_types(program);
    if (script.empty()) GTEST_SKIP() << result.detail << "; and esbuild is missing";
    result = run(world, world.call(script, ".js"), &output);
  }
  if (result.end == End::kNotRun && says("is missing on the control host")) GTEST_SKIP() << result.detail;
  EXPECT_EQ(result.end, End::kDone) << output << result.detail;
  EXPECT_EQ(output, "all of it\n");
}

}  // namespace
}  // namespace maand::testing
