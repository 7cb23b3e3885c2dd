// SIGHUP: the daemon takes over a changed maand.conf, whatever it says, between two
// passes; a file that cannot be used changes nothing and is told (interface.md).
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

using Events = std::vector<std::string>;

class Reload : public ::testing::Test {
 protected:
  std::string deploy(const GitChanges& extra = {}) {
    GitChanges changes = BucketWorld::job("api", "1.0.0", "", extra);
    changes["workers.json"] = world_.workers_json(1);
    return world_.commit(changes, "first");
  }
  bool status_says(const std::string& text) {
    return eventually([&] { return world_.maand({"status", "--json"}).out.find(text) != std::string::npos; });
  }

  BucketWorld world_{1};
};

TEST_F(Reload, EverySettingIsTakenOverByTheSameProcess) {
  const std::string first = deploy();
  world_.serve();
  world_.wait_for_note(first, "applied");
  const pid_t daemon = world_.daemon_pid();
  world_.git().commit({{"elsewhere/workers.json", world_.workers_json(1)}}, "another workspace");
  const std::string second = world_.git().commit(
      {{"elsewhere/jobs/web/manifest.json", R"({"version": "2.0.0", "selectors": ["worker"]})"},
       {"elsewhere/jobs/web/Makefile", "start stop restart:\n\t@mkdir -p data; echo $@ >> data/events\n"}},
      "its job");
  world_.set("git", "path = \"elsewhere\"");
  world_.set("policy", "max_removals = \"100%\"");
  world_.set("", "log_format = \"json\"");
  world_.reload_daemon();
  const std::string note = world_.wait_for_note(second, "applied");
  EXPECT_EQ(world_.events(0, "web"), Events{"start"}) << note;
  EXPECT_EQ(world_.events(0, "api").back(), "stop 1.0.0 1.0.0 1 none") << note;
  EXPECT_EQ(world_.daemon_pid(), daemon);
  EXPECT_TRUE(world_.daemon_running());
  EXPECT_EQ(world_.stop_daemon(), 0);
}

TEST_F(Reload, ABadFileKeepsTheOldSettingsAndIsTold) {
  const std::string first = deploy();
  world_.serve();
  world_.wait_for_note(first, "applied");
  world_.set("git", "poll_interval = \"soon\"");
  world_.reload_daemon();
  EXPECT_TRUE(world_.daemon_says("was not reloaded, the old settings stay")) << world_.daemon_log();
  EXPECT_TRUE(world_.daemon_says("poll_interval")) << world_.daemon_log();
  // What is asked of the daemon goes on; a command of its own reads the file and refuses it.
  world_.set("git", "poll_interval = \"1h\"");
  const std::string second = world_.commit(BucketWorld::job("api", "1.1.0"));
  EXPECT_EQ(world_.reconcile().status, 0);
  world_.wait_for_note(second, "applied");
}

TEST_F(Reload, SettingsThatCannotBeServedBringTheOldOnesBack) {
  const std::string first = deploy();
  world_.serve();
  world_.wait_for_note(first, "applied");
  world_.set("", "worker_root = \"/opt/elsewhere\"");  // fixed at the first apply
  world_.reload_daemon();
  ASSERT_TRUE(world_.daemon_says("cannot be served, the old settings are back")) << world_.daemon_log();
  EXPECT_TRUE(world_.daemon_says("put the old value back")) << world_.daemon_log();
  world_.set("", "worker_root = \"/opt/worker\"");
  const std::string second = world_.commit(BucketWorld::job("api", "1.1.0"));
  EXPECT_EQ(world_.reconcile().status, 0);
  world_.wait_for_note(second, "applied");
  EXPECT_EQ(world_.events(0, "api").back(), "restart 1.0.0 1.1.0 1 none");
}

TEST_F(Reload, ARunningRolloutEndsFirstAndWhoeverWaitsForItOutlivesTheReload) {
  // The target waits for a file, so that the reload comes while it runs.
  const std::string makefile =
      "start restart:\n\t@mkdir -p data; echo $@ >> data/events; while ! [ -e data/go ]; do sleep 0.1; done\n"
      "stop:\n\t@:\n";
  const std::string first = deploy({{"Makefile", makefile}});
  world_.serve();
  ASSERT_TRUE(eventually([&] { return !world_.events(0, "api").empty(); }));
  world_.set("", "name = \"renamed\"");
  world_.reload_daemon();
  ASSERT_TRUE(world_.daemon_says("taken over once the running pass has ended")) << world_.daemon_log();
  ProgramResult waiting;
  std::thread waiter([&] { waiting = world_.reconcile(); });
  ASSERT_TRUE(world_.daemon_running());
  write_file(world_.job_directory(0, "api") / "data" / "go", "");
  world_.wait_for_note(first, "applied");
  waiter.join();
  EXPECT_EQ(waiting.status, 0) << waiting.out << waiting.err;
  EXPECT_TRUE(status_says("\"name\":\"renamed\"")) << world_.daemon_log();
  EXPECT_EQ(world_.events(0, "api"), Events{"start"});
}

}  // namespace
}  // namespace maand::testing
