// The main job on two real sshd workers and a real git remote: what a commit does
// to a worker, with which versions, and what the note in the remote says.
#include <gtest/gtest.h>

#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

using Events = std::vector<std::string>;

class Lifecycle : public ::testing::Test {
 protected:
  // Both workers run `api` 1.0.0.
  std::string deploy(const std::string& manifest_rest = "", const GitChanges& extra = {}) {
    GitChanges changes = BucketWorld::job("api", "1.0.0", manifest_rest, extra);
    changes["workers.json"] = world_.workers_json(2);
    const std::string commit = world_.commit(changes, "first");
    world_.serve();
    world_.wait_for_note(commit, "applied");
    return commit;
  }
  std::string apply(const GitChanges& changes, const std::string& state = "applied") {
    const std::string commit = world_.commit(changes);
    world_.reconcile();
    return world_.wait_for_note(commit, state);
  }
  Events last_event(int worker) {
    const Events all = world_.events(worker, "api");
    return all.empty() ? all : Events{all.back()};
  }

  BucketWorld world_;
};

TEST_F(Lifecycle, AFirstCommitStartsEveryAllocationOnceFromVersionZero) {
  const std::string commit = deploy();
  for (const int worker : {0, 1}) {
    EXPECT_EQ(world_.events(worker, "api"), Events{"start 0.0.0 1.0.0 1 none"});
  }
  const std::string note = world_.git().note(commit).value();
  EXPECT_NE(note.find("2 started"), std::string::npos) << note;
  EXPECT_NE(note.find("api@" + world_.fleet().address(0)), std::string::npos) << note;
}

TEST_F(Lifecycle, AVersionChangeAloneRestarts) {
  deploy();
  const std::string note = apply(BucketWorld::job("api", "1.1.0"));
  for (const int worker : {0, 1}) EXPECT_EQ(last_event(worker), Events{"restart 1.0.0 1.1.0 1 none"});
  EXPECT_NE(note.find("1.0.0 → 1.1.0"), std::string::npos) << note;
  EXPECT_NE(note.find("VersionChanged"), std::string::npos) << note;
}

TEST_F(Lifecycle, PolicyReloadReloadsAndAGlobRestarts) {
  const std::string policy = R"("restart_policy": "reload", "restart_globs": ["conf/*.ini"])";
  deploy(policy, {{"conf/app.ini", "a=1\n"}, {"page.html", "one\n"}});
  apply({{"jobs/api/page.html", "two\n"}});
  EXPECT_EQ(last_event(0), Events{"reload 1.0.0 1.0.0 1 none"});
  const std::string note = apply({{"jobs/api/conf/app.ini", "a=2\n"}});
  EXPECT_EQ(last_event(1), Events{"restart 1.0.0 1.0.0 1 none"});
  EXPECT_NE(note.find("GlobMatched"), std::string::npos) << note;
}

TEST_F(Lifecycle, PolicyNeverOnlySyncs) {
  deploy(R"("restart_policy": "never")", {{"page.html", "one\n"}});
  apply({{"jobs/api/page.html", "two\n"}});
  EXPECT_EQ(world_.events(0, "api").size(), 1u);
  EXPECT_EQ(read_file(world_.job_directory(0, "api") / "page.html"), "two\n");
}

TEST_F(Lifecycle, DisabledIsDrainedOnceAndReEnabledStarts) {
  deploy();
  const std::string host = world_.fleet().address(0);
  const std::string note =
      apply({{"disabled.json", R"({"jobs": {"api": {"allocations": [")" + host + R"("]}}})"}});
  EXPECT_EQ(last_event(0), Events{"stop 1.0.0 1.0.0 1 none"});
  EXPECT_TRUE(std::filesystem::exists(world_.job_directory(0, "api") / "Makefile"));
  EXPECT_NE(note.find("1 stopped"), std::string::npos) << note;
  apply(BucketWorld::job("api", "1.1.0"));
  EXPECT_EQ(last_event(0), Events{"stop 1.0.0 1.0.0 1 none"}) << "its target moves, nothing is run";
  EXPECT_EQ(last_event(1), Events{"restart 1.0.0 1.1.0 1 none"});
  apply({{"disabled.json", std::nullopt}});
  EXPECT_EQ(last_event(0), Events{"start 1.0.0 1.1.0 1 none"});
}

TEST_F(Lifecycle, ARemovedJobKeepsItsDataAndReturnsFromItsVersion_R2_2) {
  deploy();
  GitChanges other = BucketWorld::job("other", "1.0.0");
  apply(other);
  write_file(world_.job_directory(0, "api") / "made-by-the-app.txt", "mine\n");
  const std::string note =
      apply({{"jobs/api/Makefile", std::nullopt}, {"jobs/api/manifest.json", std::nullopt}});
  EXPECT_EQ(last_event(0), Events{"stop 1.0.0 1.0.0 1 none"});
  EXPECT_FALSE(std::filesystem::exists(world_.job_directory(0, "api") / "Makefile"));
  EXPECT_EQ(read_file(world_.job_directory(0, "api") / "made-by-the-app.txt"), "mine\n");
  EXPECT_NE(note.find("2 stopped"), std::string::npos) << note;
  const std::string back = apply(BucketWorld::job("api", "1.2.0"));
  EXPECT_EQ(last_event(0), Events{"start 1.0.0 1.2.0 1 none"});
  EXPECT_NE(back.find("1.0.0 → 1.2.0"), std::string::npos) << back;
}

TEST_F(Lifecycle, ACommitThatChangesNothingDeployableOpensNoConnection_R1_9) {
  deploy();
  const int before = world_.logins();
  const std::string note = apply({{"../README.md", "words\n"}});
  EXPECT_EQ(world_.logins(), before);
  EXPECT_NE(note.find("2 unchanged"), std::string::npos) << note;
}

TEST_F(Lifecycle, OnePassIsOneConnectionPerWorker_R3_7) {
  deploy();
  const int before = world_.logins();
  apply(BucketWorld::job("api", "1.1.0"));
  EXPECT_EQ(world_.logins(), before + 2);
}

TEST_F(Lifecycle, ABadJobIsHeldAloneWithAllItsErrorsAndTheNextGoodCommitHeals_R1_6) {
  deploy();
  GitChanges both = BucketWorld::job("other", "1.0.0");
  both["jobs/api/manifest.json"] =
      R"({"version": "x.y", "selectors": ["worker"], "restart_policy": "sometimes"})";
  const std::string note = apply(both, "held");
  EXPECT_NE(note.find("version"), std::string::npos) << note;
  EXPECT_NE(note.find("restart_policy"), std::string::npos) << note;
  EXPECT_EQ(world_.events(0, "other"), Events{"start 0.0.0 1.0.0 1 none"});
  EXPECT_EQ(world_.events(0, "api").size(), 1u);
  apply(BucketWorld::job("api", "1.1.0"));
  EXPECT_EQ(last_event(0), Events{"restart 1.0.0 1.1.0 1 none"});
}

TEST_F(Lifecycle, AnUnreadableWorkersFileIsRefusedAndStopsNothing_R1_3) {
  deploy();
  const std::string note = apply({{"workers.json", "[{\"host\": "}}, "refused");
  EXPECT_NE(note.find("workers.json"), std::string::npos) << note;
  EXPECT_EQ(world_.events(0, "api").size(), 1u);
  GitChanges good = BucketWorld::job("api", "1.1.0");
  good["workers.json"] = world_.workers_json(2);
  apply(good);
  EXPECT_EQ(last_event(1), Events{"restart 1.0.0 1.1.0 1 none"});
}

TEST_F(Lifecycle, LiveWorkersMoveOnWhileOneIsDeadAndItCatchesUp_R2_7) {
  deploy(R"("max_concurrent_upgrades": 2)");
  world_.fleet().kill(0);
  const std::string commit =
      world_.commit(BucketWorld::job("api", "1.1.0", R"("max_concurrent_upgrades": 2)"));
  world_.reconcile();
  const std::string note = world_.wait_for_note(commit, "degraded");
  EXPECT_EQ(last_event(1), Events{"restart 1.0.0 1.1.0 1 none"});
  EXPECT_EQ(last_event(0), Events{"start 0.0.0 1.0.0 1 none"});
  world_.fleet().restart(0);
  world_.wait_for_note(commit, "applied");
  EXPECT_EQ(last_event(0), Events{"restart 1.0.0 1.1.0 1 none"});
  EXPECT_EQ(world_.events(1, "api").size(), 2u) << "what was confirmed does not run again";
}

TEST_F(Lifecycle, AFailedTargetHoldsItsJobUntilItChanges_R2_6) {
  deploy();
  GitChanges bad = BucketWorld::job("api", "1.1.0");
  bad["jobs/api/Makefile"] =
      "start stop reload status:\n\t@true\nrestart:\n\t@mkdir -p data; echo tried >> data/events; exit 3\n";
  const std::string note = apply(bad, "held");
  EXPECT_NE(note.find("exit status"), std::string::npos) << note;
  EXPECT_EQ(last_event(0), Events{"tried"});
  EXPECT_EQ(last_event(1), Events{"start 0.0.0 1.0.0 1 none"}) << "later batches stay on the old version";
  apply({{"../README.md", "words\n"}}, "held");
  EXPECT_EQ(world_.events(0, "api").size(), 2u);
  apply(BucketWorld::job("api", "1.1.1"));
  EXPECT_EQ(last_event(0), Events{"restart 1.0.0 1.1.1 1 failed"});
  EXPECT_EQ(last_event(1), Events{"restart 1.0.0 1.1.1 1 none"});
}

}  // namespace
}  // namespace maand::testing
