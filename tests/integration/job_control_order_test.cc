// `maand job start|stop|restart|run|status` of a job with job_control commands, against real workers: the
// real binary, the real programs on this host and real sshd, with a daemon and without one
// (workspace.md 11.1).
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/beside.h"
#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

// Notes what it was called with. The first of them is the canary, and takes the others along.
constexpr const char* kControl = R"(import maand, os, sys, time
notes = maand.get_kv_value("vars/bucket", "notes")
target = os.environ.get("TARGET", "-")
with open(notes, "a") as out:
    out.write(target + " " + maand.allocation_ip() + "\n")
print("control says " + target)
if os.path.exists(notes + ".slow"):
    time.sleep(600)
if os.path.exists(notes + ".fail") and maand.allocation_index() == 1:
    sys.exit(7)
if maand.allocation_index() == 0 and target in ("-", "restart"):
    for ip in maand.get_kv_value("vars/bucket", "peers").split(","):
        maand.run_make_target(ip, "start" if target == "-" else target)
)";

class JobControlOrders : public ::testing::TestWithParam<bool> {
 protected:
  JobControlOrders()
      : world_(2, {{"hooks", "enabled = true"},
                   {"hooks", "port = " + std::to_string(20000 + static_cast<int>(getpid()) % 20000)}}) {
    world_.set("http", "listen = \"\"");
    GitChanges changes = {{"workers.json", world_.workers_json(2)},
                          {"bucket.conf", "notes = \"" + notes().string() + "\"\npeers = \"" + host(0) + "," +
                                              host(1) + "\"\n"}};
    const GitChanges job =
        BucketWorld::job("api", "1.0.0", R"("commands": {"command_up": {"executed_on": ["job_control"]}})",
                         {{"_modules/command_up.py", kControl}});
    changes.insert(job.begin(), job.end());
    const std::string commit = world_.commit(changes, "first");
    if (GetParam()) {
      world_.serve();
      world_.wait_for_note(commit, "applied");
    } else {
      const ProgramResult result = world_.reconcile();
      EXPECT_EQ(result.status, 0) << result.out << result.err;
    }
    take_notes();
  }
  fs::path notes() const { return world_.bucket() / "data" / "hook-notes"; }
  // Since the last time; sorted, for they run at once.
  Lines take_notes() {
    Lines out;
    std::istringstream lines(fs::exists(notes()) ? read_file(notes()) : "");
    for (std::string line; std::getline(lines, line);) out.push_back(line);
    fs::remove(notes());
    std::sort(out.begin(), out.end());
    return out;
  }
  Lines both(const std::string& target) {
    Lines out = {target + " " + host(0), target + " " + host(1)};
    std::sort(out.begin(), out.end());
    return out;
  }
  std::string host(int worker) { return world_.fleet().address(static_cast<std::size_t>(worker)); }
  bool says(const ProgramResult& result, const std::string& text) {
    return (result.out + result.err).find(text) != std::string::npos;
  }
  void another_pass() {
    const ProgramResult result = world_.reconcile();
    EXPECT_EQ(result.status, 0) << result.out << result.err;
  }

  BucketWorld world_;
};

TEST_P(JobControlOrders, EveryVerbRunsThemWithItsTarget) {
  const ProgramResult restarted = world_.maand({"job", "restart", "api"});
  EXPECT_EQ(restarted.status, 0) << restarted.out << restarted.err;
  EXPECT_EQ(take_notes(), both("restart"));
  EXPECT_TRUE(says(restarted, "api: 2 restarted\n")) << restarted.out;
  EXPECT_TRUE(says(restarted, "[" + host(1) + "] control says restart\n")) << restarted.out;
  for (const int worker : {0, 1})
    EXPECT_EQ(world_.events(worker, "api").size(), 2u) << "the two that its canary ran, and no other";

  const ProgramResult stopped = world_.maand({"job", "stop", "api", "--reason", "disk work"});
  EXPECT_EQ(stopped.status, 0) << stopped.out << stopped.err;
  EXPECT_EQ(take_notes(), both("stop"));
  another_pass();
  EXPECT_EQ(take_notes(), Lines{}) << "and it stays so";
  EXPECT_TRUE(says(world_.maand({"status"}), "disk work"));

  const ProgramResult one = world_.maand({"job", "start", "api", "--allocations", host(1)});
  EXPECT_EQ(one.status, 0) << one.out << one.err;
  EXPECT_EQ(take_notes(), Lines{"start " + host(1)});
  const ProgramResult started = world_.maand({"job", "start", "api"});
  EXPECT_TRUE(says(started, "api: 1 started; 1 ran already")) << started.out << started.err;
  EXPECT_EQ(take_notes(), Lines{"start " + host(0)});

  const ProgramResult backup = world_.maand({"job", "run", "api", "--target", "backup"});
  EXPECT_EQ(backup.status, 0) << backup.out << backup.err;
  EXPECT_EQ(take_notes(), both("backup"));
  const ProgramResult status = world_.maand({"job", "status", "api", "--allocations", host(0)});
  EXPECT_EQ(status.status, 0) << status.out << status.err;
  EXPECT_EQ(take_notes(), Lines{"status " + host(0)});
  another_pass();
  EXPECT_EQ(take_notes(), Lines{});
  for (const int worker : {0, 1}) EXPECT_EQ(world_.events(worker, "api").size(), 2u);
}

TEST_P(JobControlOrders, OneThatFailsIsNamedAndSoIsWhatMayNotRun) {
  write_file(notes().string() + ".fail", "");
  for (const Lines& words :
       {Lines{"job", "restart", "api"}, Lines{"job", "run", "api", "--target", "backup"}}) {
    const ProgramResult result = world_.maand(words);
    EXPECT_EQ(result.status, 1) << result.out << result.err;
    EXPECT_TRUE(says(result, "command_up (job_control) failed: " + host(1) + ": exit status 7"))
        << result.err;
  }
  fs::remove(notes().string() + ".fail");
  take_notes();
  if (GetParam()) return;
  std::string conf = read_file(world_.bucket() / "maand.conf");
  conf.replace(conf.find("enabled = true"), 14, "enabled = false");
  write_file(world_.bucket() / "maand.conf", conf);
  const ProgramResult refused = world_.maand({"job", "restart", "api"});
  EXPECT_EQ(refused.status, 4) << refused.out << refused.err;
  EXPECT_TRUE(says(refused, "hooks.enabled = true in maand.conf")) << refused.err;
  EXPECT_EQ(take_notes(), Lines{});
}

// R7.1: whoever is killed while they run is followed by one that runs them once more, and confirms it.
TEST_P(JobControlOrders, AKillWhileTheyRunLosesNothing) {
  write_file(notes().string() + ".slow", "");
  Beside order(MAAND_BINARY, world_.bucket(), {"job", "stop", "api"});
  ASSERT_TRUE(
      eventually([&] { return fs::exists(notes()) && read_file(notes()).size() > host(0).size() * 2; }));
  if (GetParam()) {
    world_.kill_daemon();
  } else {
    order.kill();
  }
  fs::remove(notes().string() + ".slow");
  EXPECT_EQ(take_notes(), both("stop"));
  if (GetParam()) {
    world_.serve();
    ASSERT_TRUE(eventually([&] { return fs::exists(notes()); }, std::chrono::seconds(60)));
    EXPECT_NE(order.end().status, 0) << "nobody can say how it ended";
  }
  another_pass();
  EXPECT_EQ(take_notes(), both("stop"));
  another_pass();
  EXPECT_EQ(take_notes(), Lines{}) << "once";
  const ProgramResult started = world_.maand({"job", "start", "api"});
  EXPECT_TRUE(says(started, "api: 2 started")) << started.out << started.err;
  EXPECT_EQ(take_notes(), both("start"));
}

INSTANTIATE_TEST_SUITE_P(, JobControlOrders, ::testing::Bool(),
                         [](const auto& about) { return about.param ? "WithADaemon" : "WithoutOne"; });

}  // namespace
}  // namespace maand::testing
