// Hooks with the real programs, the real API and real sshd workers: every event in its turn, what
// they write rendered into what lies on the workers, job_control, a command by hand, and a daemon
// that is killed while one runs.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "reconciler/store/kv_store.h"
#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

constexpr const char* kNote = R"(import maand, os
with open(os.environ["NOTES"] if "NOTES" in os.environ else maand.get_kv_value("vars/bucket", "notes"), "a") as out:
    out.write(maand.command_event() + " " + maand.allocation_ip() + " " + os.environ.get("DEPLOY_PHASE", "-") + "\n")
)";

class HooksRun : public ::testing::Test {
 protected:
  HooksRun()
      : world_(2, {{"hooks", "enabled = true"},
                   {"hooks", "port = " + std::to_string(20000 + static_cast<int>(getpid()) % 20000)}}) {}

  GitChanges base() {
    return {{"workers.json", world_.workers_json(2)},
            {"bucket.conf", "notes = \"" + notes().string() + "\"\n"}};
  }
  std::filesystem::path notes() const { return world_.bucket() / "data" / "hook-notes"; }
  std::vector<std::string> noted() const {
    std::vector<std::string> out;
    std::istringstream lines(std::filesystem::exists(notes()) ? read_file(notes()) : "");
    for (std::string line; std::getline(lines, line);) out.push_back(line);
    return out;
  }
  std::string address(std::size_t worker) { return world_.fleet().address(worker); }

  BucketWorld world_;
};

TEST_F(HooksRun, EveryEventInItsTurnAndWhatTheyWroteOnTheWorkers) {
  GitChanges changes = base();
  const GitChanges job = BucketWorld::job(
      "api", "1.0.0",
      R"("commands": {"command_note": {"executed_on": ["post_build", "pre_deploy", "after_allocation_started",
           "health_check", "post_deploy", "cli", "after_allocation_stopped"]},
         "command_seed": {"executed_on": ["pre_deploy"]}},
         "health_check": {"checks": [{"type": "ssh", "command": "true"}]})",
      {{"_modules/command_note.py", kNote},
       {"_modules/command_seed.py", R"(import maand
if maand.get_store_value("secrets/job/api", "token").status_code == 404:
    maand.put_job_secret("token", "s3cret of " + maand.job_name())
)"},
       {"token.tpl", "{{ getSecret \"token\" }}\n"}});
  changes.insert(job.begin(), job.end());
  const std::string commit = world_.commit(changes, "first");
  world_.serve();
  world_.wait_for_note(commit, "applied");
  for (int worker = 0; worker < 2; ++worker) {
    EXPECT_EQ(read_file(world_.job_directory(worker, "api") / "token"), "s3cret of api\n");
    EXPECT_FALSE(std::filesystem::exists(world_.job_directory(worker, "api") / "_modules"))
        << "never shipped";
  }
  const std::vector<std::string> seen = noted();
  std::vector<std::string> events;
  for (const std::string& line : seen) {
    const std::string event = line.substr(0, line.find(' '));
    if (events.empty() || events.back() != event) events.push_back(event);
  }
  EXPECT_EQ(events, (std::vector<std::string>{"post_build", "pre_deploy", "after_allocation_started",
                                              "health_check", "post_deploy"}));
  EXPECT_EQ(seen.size(), 10u) << "each on both";

  const ProgramResult by_hand = world_.maand({"job_command", "command_note", "api", "--concurrency", "2"});
  EXPECT_EQ(by_hand.status, 0) << by_hand.err;
  EXPECT_NE(by_hand.out.find("command_note is done on 2 allocations"), std::string::npos) << by_hand.out;
  EXPECT_EQ(noted().size(), 12u);
  EXPECT_EQ(world_.maand({"job_command", "command_nobody"}).status, 2);

  GitChanges disabled = {{"disabled.json", "{\"workers\": [\"" + address(1) + "\"]}"}};
  const std::string second = world_.commit(disabled);
  world_.reconcile();
  world_.wait_for_note(second, "applied");
  EXPECT_EQ(noted().back(), "after_allocation_stopped " + address(1) + " stop");
}

TEST_F(HooksRun, JobControlChoosesItsOwnCanaryAndNothingCountsBeforeIt) {
  GitChanges changes = base();
  const auto job = [&](const std::string& version, const std::string& script) {
    return BucketWorld::job("api", version, R"("commands": {"command_up": {"executed_on": ["job_control"]}})",
                            {{"_modules/command_up.py", script}});
  };
  const std::string up = R"(import maand, os
# The first of them is the canary, and takes the others along.
if maand.allocation_index() == 0:
    for ip in (os.environ["NEW_ALLOCATIONS"] + "," + os.environ["UPDATED_ALLOCATIONS"]).split(","):
        if ip: maand.run_make_target(ip, "start")
)";
  const GitChanges first = job("1.0.0", up);
  changes.insert(first.begin(), first.end());
  const std::string commit = world_.commit(changes, "first");
  world_.serve();
  world_.wait_for_note(commit, "applied");
  EXPECT_EQ(world_.events(0, "api").size(), 1u);
  EXPECT_EQ(world_.events(1, "api").size(), 1u);

  const std::string bad = world_.commit(job("2.0.0", "import sys\nsys.exit(7)\n"));
  world_.reconcile();
  const std::string note = world_.wait_for_note(bad, "held");
  EXPECT_NE(note.find("HookFailed"), std::string::npos) << note;
  EXPECT_NE(note.find("exit status 7"), std::string::npos) << note;
}

TEST_F(HooksRun, ADaemonKilledWhileOneRunsLosesAndDoublesNoWrite) {
  GitChanges changes = base();
  const GitChanges job =
      BucketWorld::job("api", "1.0.0", R"("commands": {"command_slow": {"executed_on": ["post_deploy"]}})",
                       {{"_modules/command_slow.py", R"(import maand, os, time
if maand.allocation_index() == 0:
    maand.put_job_variable("written", "once")
    flag = maand.get_kv_value("vars/bucket", "notes")
    if not os.path.exists(flag):
        open(flag, "w").close()
        time.sleep(600)
)"}});
  changes.insert(job.begin(), job.end());
  const std::string commit = world_.commit(changes, "first");
  world_.launch();
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(notes()); }, std::chrono::seconds(120)));
  world_.kill_daemon();
  world_.serve();
  world_.wait_for_note(commit, "applied");
  EXPECT_EQ(world_.events(0, "api").size(), 1u) << "its target ran once";
  world_.stop_daemon();
  const auto values = open_kv_store(world_.bucket() / "secrets");
  const auto history = values->history("vars/job/api", "written");
  ASSERT_EQ(history.size(), 1u);
  EXPECT_EQ(history[0].value, "once");
}

TEST(HooksDisabled, AJobWithHooksWaitsForAnOperatorAndTheOthersGoOn) {
  BucketWorld world(1);
  GitChanges changes = {{"workers.json", world.workers_json(1)}};
  const auto add = [&](const GitChanges& more) { changes.insert(more.begin(), more.end()); };
  add(BucketWorld::job("api", "1.0.0", R"("commands": {"command_a": {"executed_on": ["post_deploy"]}})",
                       {{"_modules/command_a.py", "print('hello')\n"}}));
  add(BucketWorld::job("web", "1.0.0"));
  const std::string commit = world.commit(changes, "first");
  world.serve();
  const std::string note = world.wait_for_note(commit, "held");
  EXPECT_NE(note.find("HooksDisabled"), std::string::npos) << note;
  EXPECT_NE(note.find("set hooks.enabled = true"), std::string::npos) << note;
  EXPECT_EQ(world.events(0, "web").size(), 1u);
  EXPECT_TRUE(world.events(0, "api").empty());
}

}  // namespace
}  // namespace maand::testing
