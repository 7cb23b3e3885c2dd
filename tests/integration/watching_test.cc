// What people see of a rollout on real workers while it goes on, and of who ordered it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

// With one more worker that nobody answers for. `restart`: what its workers do.
GitChanges slow_job(const BucketWorld& world, const std::string& version,
                    const std::string& restart = "true") {
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

  // Workers are at it until somebody has seen them at it.
  const auto beside = [&](const std::string& name) { return (world.bucket().parent_path() / name).string(); };
  const auto until = [&](const std::string& go) { return "until [ -e '" + go + "' ]; do sleep 0.1; done"; };
  const auto let_go_once_told = [](const std::string& file, const std::string& words, const std::string& go) {
    eventually([&] { return std::filesystem::exists(file) && has(read_file(file), words); });
    std::ofstream(go) << "go";
  };
  const std::string reconcile =
      std::string(MAAND_BINARY) + " --bucket '" + world.bucket().string() + "' reconcile --wait";

  world.commit(slow_job(world, "1.0.1", until(beside("go1"))));
  std::thread reader(
      [&] { let_go_once_told(beside("lines"), "rolling out · slow 0/3 batch 1/", beside("go1")); });
  const ProgramResult lines =
      call_program({.argv = {"/bin/sh", "-c", reconcile + " 2>'" + beside("lines") + "'"}});
  reader.join();
  const std::string told = read_file(beside("lines"));
  EXPECT_TRUE(has(told, "rolling out · slow 0/3 batch 1/")) << told;
  EXPECT_TRUE(has(told, "set aside 127.99.99.99")) << told;
  EXPECT_FALSE(has(told + lines.out, "\033")) << told;
  EXPECT_TRUE(has(lines.out, "slow  127.99.99.99")) << lines.out;

  world.commit(slow_job(world, "1.0.2", until(beside("go2"))));
  std::thread watcher([&] { let_go_once_told(beside("typescript"), "now on 127.", beside("go2")); });
  const ProgramResult bars =
      call_program({.argv = {"/usr/bin/script", "-qefc", reconcile, beside("typescript")},
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
