// What people see of a rollout on real workers while it goes on, and of who ordered it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

// Long enough on its workers to be seen there, with one more worker that nobody answers for.
// `restart`: what its workers do meanwhile.
GitChanges slow_job(const BucketWorld& world, const std::string& version,
                    const std::string& restart = "sleep 1") {
  // Or the one that is out of reach would keep the others from being restarted.
  GitChanges changes = BucketWorld::job(
      "slow", version, "\"rollout\": {\"max_unavailable\": 3}, \"max_concurrent_upgrades\": 2");
  changes["jobs/slow/Makefile"] = "start stop restart:\n\t" + restart + "\n";
  std::string workers = world.workers_json(2);
  workers.replace(workers.rfind(']'), 1, ", {\"host\": \"127.99.99.99\", \"ssh\": {\"port\": 9}}]");
  changes["workers.json"] = workers;
  return changes;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(WatchingIntegration, ARolloutIsBarsOnATerminalAndLinesElsewhere) {
  BucketWorld world(2);
  world.commit(slow_job(world, "1.0.0"));
  world.serve();

  world.commit(slow_job(world, "1.0.1"));
  const ProgramResult lines = world.maand({"reconcile", "--wait"});
  EXPECT_TRUE(has(lines.err, "rolling out · slow 0/3 batch 1/")) << lines.err;
  EXPECT_TRUE(has(lines.err, "set aside 127.99.99.99")) << lines.err;
  EXPECT_FALSE(has(lines.err + lines.out, "\033")) << lines.err;
  EXPECT_TRUE(has(lines.out, "slow  127.99.99.99")) << lines.out;

  // Workers are at it until somebody has seen them at it.
  const auto go = world.bucket().parent_path() / "go";
  const auto typescript = world.bucket().parent_path() / "typescript";
  world.commit(slow_job(world, "1.0.2", "until [ -e '" + go.string() + "' ]; do sleep 0.1; done"));
  std::thread watcher([&] {
    eventually(
        [&] { return std::filesystem::exists(typescript) && has(read_file(typescript), "now on 127."); });
    std::ofstream(go) << "go";
  });
  const ProgramResult bars = call_program(
      {.argv = {"/usr/bin/script", "-qefc",
                std::string(MAAND_BINARY) + " --bucket '" + world.bucket().string() + "' reconcile --wait",
                typescript.string()},
       .environment = {{"TERM", "xterm"}}});
  watcher.join();
  EXPECT_TRUE(has(bars.out, "░░░░")) << bars.out;
  EXPECT_TRUE(has(bars.out, "now on 127.")) << bars.out;
  EXPECT_TRUE(has(bars.out, "set aside: 127.99.99.99")) << bars.out;
  EXPECT_TRUE(has(bars.out, "\033[?7l")) << "nothing was drawn over";

  EXPECT_TRUE(has(world.maand({"info"}).out, "daemon      runs, dashboard on "));
  const std::string audit = world.maand({"audit", "--json"}).out;
  EXPECT_TRUE(has(audit, "\"action\":\"reconcile\"")) << audit;
  EXPECT_EQ(world.maand({"names", "allocations"}).out.find("slow@127."), 0u);
  EXPECT_EQ(world.stop_daemon(), 0);
}

}  // namespace
}  // namespace maand::testing
