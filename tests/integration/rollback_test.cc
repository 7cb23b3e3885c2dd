// A version that does not come up on the second of three workers: all are back on what
// was confirmed, on real workers with the real binary (R5.2).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using Events = std::vector<std::string>;

// 2.0.0 does not come up where `data/bad` is; targets wait while `data/hold-<version>` is there.
constexpr const char* kMakefile =
    "start stop restart:\n"
    "\t@mkdir -p data; echo $@ $(CURRENT_VERSION) $(NEW_VERSION) >> data/events\n"
    "\t@while [ -e data/hold-$(NEW_VERSION) ]; do sleep 0.1; done\n"
    "\t@rm -f data/up; [ $(NEW_VERSION) = 2.0.0 -a -e data/bad ] || touch data/up\n";
constexpr const char* kManifest =
    R"("rollout": {"on_failure": "rollback"}, "health_check": {"checks": [{"type": "ssh",)"
    R"( "command": "test -e /opt/worker/*/jobs/api/data/up"}],)"
    R"( "wait": {"attempts": 3, "interval_seconds": 1}})";

class RollbackWorld : public ::testing::Test {
 protected:
  GitChanges api(const std::string& version) {
    GitChanges changes = BucketWorld::job("api", version, kManifest,
                                          {{"Makefile", kMakefile},
                                           {"conf", "conf " + version},
                                           {"bin.sh", "#!/bin/sh\necho " + version + "\n"}});
    if (version == "2.0.0") changes["jobs/api/new/file"] = "new";
    if (version != "2.0.0") changes["jobs/api/new/file"] = std::nullopt;
    if (version != "2.0.0") changes["jobs/api/gone"] = "gone";
    if (version == "2.0.0") changes["jobs/api/gone"] = std::nullopt;
    return changes;
  }
  fs::path at(int worker, const std::string& name) const {
    return world_.job_directory(worker, "api") / name;
  }
  std::string read(int worker, const std::string& name) const {
    std::ifstream in(at(worker, name));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void deploy() {
    const fs::path script = world_.git().work() / "workspace" / "jobs" / "api" / "bin.sh";
    fs::create_directories(script.parent_path());
    write_file(script, "");
    fs::permissions(script, fs::perms(0755));
    GitChanges changes = api("1.0.0");
    changes["workers.json"] = world_.workers_json(3);
    const std::string first = world_.commit(changes);
    world_.serve();
    world_.wait_for_note(first, "applied");
    write_file(at(1, "data/bad"), "");
  }
  void expect_first_version() {
    for (const int worker : {0, 1, 2}) {
      EXPECT_EQ(read(worker, "conf"), "conf 1.0.0") << worker;
      EXPECT_EQ(read(worker, "bin.sh"), "#!/bin/sh\necho 1.0.0\n") << worker;
      EXPECT_EQ(read(worker, "gone"), "gone") << worker;
      EXPECT_FALSE(fs::exists(at(worker, "new"))) << worker;
      EXPECT_EQ(fs::status(at(worker, "bin.sh")).permissions() & fs::perms::mask, fs::perms(0755)) << worker;
      EXPECT_EQ(fs::status(at(worker, "conf")).permissions() & fs::perms::mask, fs::perms(0644)) << worker;
    }
    const Events there_and_back = {"start 0.0.0 1.0.0", "restart 1.0.0 2.0.0", "restart 2.0.0 1.0.0"};
    EXPECT_EQ(world_.events(0, "api"), there_and_back);
    EXPECT_EQ(world_.events(1, "api"), there_and_back);
    EXPECT_EQ(world_.events(2, "api"), (Events{"start 0.0.0 1.0.0"})) << "the rollout never came there";
  }

  BucketWorld world_{3};
};

TEST_F(RollbackWorld, AllAreBackThoughTheRemoteIsDownAndTheNoteGoesOutLater_R5_2) {
  deploy();
  write_file(at(1, "data/hold-2.0.0"), "");
  const std::string second = world_.commit(api("2.0.0"));
  world_.maand({"reconcile"});
  ASSERT_TRUE(eventually([&] { return world_.events(1, "api").size() == 2; }));
  const fs::path bare = world_.git().bare();
  fs::rename(bare, bare.string() + ".away");
  fs::remove(at(1, "data/hold-2.0.0"));
  ASSERT_TRUE(eventually([&] {
    return world_.maand({"status", "--json"}).out.find("rolled_back") != std::string::npos;
  })) << world_.daemon_log();
  expect_first_version();
  fs::rename(bare.string() + ".away", bare);
  world_.maand({"reconcile"});
  const std::string note = world_.wait_for_note(second, "rolled_back");
  EXPECT_NE(note.find("2 rolled back"), std::string::npos) << note;
  EXPECT_NE(note.find("GateFailed: api@"), std::string::npos) << note;

  // Reverted in git: nothing differs, and nothing runs.
  const std::string third = world_.commit(api("1.0.0"));
  world_.maand({"reconcile"});
  world_.wait_for_note(third, "applied");
  expect_first_version();
}

TEST_F(RollbackWorld, ADaemonThatIsKilledInTheMiddleGoesOnWithIt_R5_2_R7_1) {
  deploy();
  write_file(at(0, "data/hold-1.0.0"), "");
  const std::string second = world_.commit(api("2.0.0"));
  world_.maand({"reconcile"});
  ASSERT_TRUE(eventually([&] { return world_.events(0, "api").size() == 3; })) << world_.daemon_log();
  world_.kill_daemon();
  fs::remove(at(0, "data/hold-1.0.0"));
  world_.serve();
  world_.wait_for_note(second, "rolled_back");
  expect_first_version();
}

}  // namespace
}  // namespace maand::testing
