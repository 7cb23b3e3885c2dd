// Drift against real workers: the real binary, real git and real sshd (R5.9).
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/bucket_world.h"
#include "tests/support/temp_dir.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

class DriftWorld : public ::testing::Test {
 protected:
  // Looks come every second or two, so that a test waits for what they find and for nothing else.
  std::string deploy(const std::string& mode, const std::string& version = "1.0.0",
                     const std::string& rest = "") {
    world_.set("http", "listen = \"\"");
    world_.set("git", "poll_interval = \"1s\"");
    world_.set("drift", "interval = \"1s\"");
    world_.set("drift", "mode = \"" + mode + "\"");
    return commit(version, rest);
  }
  std::string commit(const std::string& version, const std::string& rest = "") {
    GitChanges changes = BucketWorld::job("api", version, rest, {{"conf/app.ini", "a = " + version + "\n"}});
    changes["workers.json"] = world_.workers_json(2);
    return world_.commit(changes);
  }
  fs::path on(int worker, const std::string& path) { return world_.job_directory(worker, "api") / path; }
  std::string allocations() {
    const ProgramResult result = world_.maand({"status", "--json"});
    return result.out;
  }
  bool eventually_says(const std::string& text) {
    return eventually([&] { return allocations().find(text) != std::string::npos; });
  }
  std::size_t times(const std::string& text) {
    const std::string log = world_.daemon_log();
    std::size_t count = 0;
    for (std::size_t at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++count;
    return count;
  }

  BucketWorld world_{2};
};

TEST_F(DriftWorld, AFileThatWasChangedByHandIsToldAndWhatTheApplicationMakesIsNot) {
  const std::string first = deploy("report");
  world_.serve();
  world_.wait_for_note(first, "applied");
  const Lines before = world_.events(0, "api");
  write_file(on(0, "conf/cache"), "the application's own");
  write_file(on(1, "data/db"), "likewise");

  write_file(on(1, "conf/app.ini"), "a = by hand\n");
  ASSERT_TRUE(world_.daemon_says("conf/app.ini changed")) << world_.daemon_log();
  ASSERT_TRUE(eventually_says("\"drift\":{\"kind\":\"Files\"")) << allocations();
  const ProgramResult why = world_.maand({"why", "api@" + world_.fleet().address(1)});
  EXPECT_NE(why.out.find("drifted since"), std::string::npos) << why.out << why.err;
  EXPECT_EQ(times("drift_changed"), 1u) << "of all looks, and of both workers: " << world_.daemon_log();
  EXPECT_EQ(world_.maand({"status"}).status, 0) << "what is applied is applied";
  EXPECT_EQ(read_file(on(1, "conf/app.ini")), "a = by hand\n") << "nothing is put right";
  EXPECT_EQ(world_.events(0, "api"), before);

  // The next rollout sends everything, also what its commit leaves as it was.
  GitChanges changes = BucketWorld::job("api", "1.0.1");
  world_.wait_for_note(world_.commit(changes), "applied");
  EXPECT_EQ(read_file(on(1, "conf/app.ini")), "a = 1.0.0\n");
  EXPECT_EQ(read_file(on(0, "conf/cache")), "the application's own");
}

TEST_F(DriftWorld, HealingPutsItRightWithOneTarget) {
  const std::string first = deploy("heal");
  world_.serve();
  world_.wait_for_note(first, "applied");
  fs::remove(on(0, "conf/app.ini"));
  ASSERT_TRUE(eventually([&] { return world_.events(0, "api").size() == 2; })) << world_.daemon_log();
  EXPECT_EQ(world_.events(0, "api").back(), "restart 1.0.0 1.0.0 1 none");
  EXPECT_EQ(read_file(on(0, "conf/app.ini")), "a = 1.0.0\n");
  EXPECT_EQ(world_.events(1, "api").size(), 1u);

  // What drifts again at once is told and not healed.
  write_file(on(0, "conf/app.ini"), "again\n");
  ASSERT_TRUE(world_.daemon_says("it was healed within the last 24 h")) << world_.daemon_log();
  EXPECT_EQ(world_.events(0, "api").size(), 2u);
  EXPECT_EQ(world_.maand({"retry", "api"}).status, 0);
  ASSERT_TRUE(eventually([&] { return world_.events(0, "api").size() == 3; })) << world_.daemon_log();
  EXPECT_EQ(read_file(on(0, "conf/app.ini")), "a = 1.0.0\n");
}

TEST_F(DriftWorld, MakeStatusIsAskedWhereTheManifestSaysSo) {
  const std::string makefile =
      "start restart:\n\t@touch data/up; echo $@ >>data/events\nstop:\n\t@rm -f data/up\nstatus:\n\t@test -e "
      "data/up\n";
  world_.set("http", "listen = \"\"");
  world_.set("drift", "interval = \"1s\"");
  world_.set("drift", "mode = \"heal\"");
  GitChanges changes = BucketWorld::job("api", "1.0.0", R"("drift": {"status": true})");
  changes["jobs/api/Makefile"] = "$(shell mkdir -p data)\n" + makefile;
  changes["workers.json"] = world_.workers_json(1);
  const std::string first = world_.commit(changes);
  world_.serve();
  world_.wait_for_note(first, "applied");
  fs::remove(on(0, "data/up"));
  ASSERT_TRUE(eventually([&] {
    return world_.events(0, "api") == Lines{"start", "restart"};
  })) << world_.daemon_log();
  EXPECT_TRUE(fs::exists(on(0, "data/up")));
}

}  // namespace
}  // namespace maand::testing
