// R5.8 in the loop: what is probed, told and recorded between rollouts.
#include "reconciler/app/health_watcher.h"

#include <gtest/gtest.h>

#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using namespace std::chrono_literals;

class SetClock : public Clock {
 public:
  Instant now() const override { return time; }
  WallTime wall() const override { return {}; }
  Instant time = std::chrono::steady_clock::now();
};

constexpr auto kInterval = 60s;
const AllocationKey kApi1{JobName("api"), WorkerHost("w1")};
const AllocationKey kApi2{JobName("api"), WorkerHost("w2")};

// Two allocations of `api`, recorded as healthy.
class HealthWatcherTest : public ::testing::Test {
 protected:
  HealthWatcherTest() {
    for (const AllocationKey& key : {kApi1, kApi2}) {
      AppliedAllocation allocation;
      allocation.key = key;
      allocation.running = true;
      allocation.health = Health::kHealthy;
      store.settle({allocation}, {}, 0);
    }
    journal.reload();
    store.calls.clear();
    watcher = make();
  }
  std::unique_ptr<HealthWatcher> make(int parallel = 16) {
    return std::make_unique<HealthWatcher>(HealthWatcher::Deps{inbox, runner, journal, clock, observer},
                                           HealthWatcherOptions{kInterval, parallel}, [] {});
  }
  WatchList list(HealthCheck check = {HealthCheck::Type::kTcp, 80, "web"}) {
    WatchList out;
    HealthSpec spec;
    spec.checks = {check};
    for (const AllocationKey& key : {kApi1, kApi2}) {
      Endpoint to;
      to.host = key.worker;
      const AppliedAllocation* known = journal.state().find(key);
      out.watched.push_back({key, to, known->health, std::make_shared<const HealthSpec>(spec)});
    }
    return out;
  }
  // Lets `rounds` intervals pass.
  void pass(int rounds) {
    for (int i = 0; i < rounds; ++i) {
      clock.time += kInterval;
      watcher->tick();
      while (inbox.serve(Instant{})) {
      }
    }
  }
  Health recorded(const AllocationKey& key) { return store.load().find(key)->health; }

  FakeStore store;
  FakeRunner runner;
  SetClock clock;
  RecordingObserver observer;
  Inbox inbox;
  Journal journal{store, clock};
  std::unique_ptr<HealthWatcher> watcher;
};

TEST_F(HealthWatcherTest, AllIsWellIsNeitherWrittenNorTold) {
  watcher->begin();
  watcher->follow(list());
  pass(5);
  EXPECT_EQ(runner.probes.size(), 10u);
  EXPECT_EQ(runner.contacts, 0) << "and nobody was connected to over SSH (R1.9)";
  EXPECT_EQ(runner.releases, 0);
  EXPECT_TRUE(store.calls.empty());
  EXPECT_TRUE(observer.events.empty());
}

TEST_F(HealthWatcherTest, AChangeIsRecordedAndToldOnce) {
  watcher->begin();
  watcher->follow(list());
  runner.unhealthy = {kApi2};
  pass(2);
  EXPECT_TRUE(observer.events.empty());
  pass(4);
  ASSERT_EQ(observer.count(EventKind::kHealthChanged), 1u);
  EXPECT_EQ(observer.events[0].job.str() + "@" + observer.events[0].worker.str(), "api@w2");
  EXPECT_EQ(observer.events[0].outcome, "unhealthy");
  EXPECT_EQ(observer.events[0].text, "it does not answer");
  EXPECT_EQ(recorded(kApi2), Health::kUnhealthy);
  EXPECT_EQ(recorded(kApi1), Health::kHealthy);
  runner.unhealthy.clear();
  pass(4);
  ASSERT_EQ(observer.count(EventKind::kHealthChanged), 2u);
  EXPECT_EQ(observer.events[1].outcome, "healthy");
  EXPECT_EQ(recorded(kApi2), Health::kHealthy);
  EXPECT_EQ(store.calls.size(), 2u) << "one write for each change";
}

TEST_F(HealthWatcherTest, ARestartOfTheDaemonIsNoNews) {
  watcher->begin();
  watcher->follow(list());
  runner.unhealthy = {kApi1, kApi2};
  pass(3);
  EXPECT_EQ(observer.count(EventKind::kHealthChanged), 2u);
  observer.events.clear();
  journal.reload();
  watcher = make();
  watcher->begin();
  watcher->follow(list());
  pass(5);
  EXPECT_TRUE(observer.events.empty()) << "it was unhealthy before and still is";
  runner.unhealthy.clear();
  pass(2);
  EXPECT_EQ(observer.count(EventKind::kHealthChanged), 2u);
}

TEST_F(HealthWatcherTest, FoundHealthyForTheFirstTimeIsRecordedAndNoNews) {
  for (const AllocationKey& key : {kApi1, kApi2}) journal.set_health(key, Health::kUnprobed);
  watcher->begin();
  watcher->follow(list());
  pass(2);
  EXPECT_EQ(recorded(kApi1), Health::kHealthy);
  EXPECT_TRUE(observer.events.empty());
}

TEST_F(HealthWatcherTest, WithoutBeginNothingIsAskedAndAfterStopNothingCounts) {
  watcher->follow(list());
  pass(3);
  EXPECT_TRUE(runner.probes.empty());
  watcher->begin();
  runner.unhealthy = {kApi1};
  pass(2);
  runner.hold(true);
  pass(1);
  watcher->stop();
  runner.release_held();
  pass(3);
  EXPECT_EQ(recorded(kApi1), Health::kHealthy);
  EXPECT_EQ(runner.probes.size(), 6u);
}

TEST_F(HealthWatcherTest, AStoreThatCannotBeWrittenIsTriedAgainWithTheNextAnswer) {
  watcher->begin();
  watcher->follow(list());
  runner.unhealthy = {kApi1};
  store.fail_all(FakeStore::Fail::kBeforeWrite);
  pass(4);
  EXPECT_TRUE(observer.events.empty());
  store.heal();
  pass(1);
  EXPECT_EQ(observer.count(EventKind::kHealthChanged), 1u);
  EXPECT_EQ(recorded(kApi1), Health::kUnhealthy);
}

TEST_F(HealthWatcherTest, WhatTheRolloutActsOnIsLeftAloneAndTheRestIsNewsForIt) {
  watcher->begin();
  watcher->follow(list());
  std::vector<std::string> news;
  watcher->listen([&](const AllocationKey& key, Health health, const std::string&) {
    news.push_back(key.str() + " " + to_string(health));
  });
  watcher->pause(kApi1);
  runner.unhealthy = {kApi1, kApi2};
  pass(4);
  EXPECT_EQ(news, std::vector<std::string>{"api@w2 unhealthy"});
  EXPECT_EQ(recorded(kApi1), Health::kHealthy);
  watcher->listen(nullptr);
  watcher->follow(list());
  pass(3);
  EXPECT_EQ(recorded(kApi1), Health::kUnhealthy);
  EXPECT_EQ(news.size(), 1u);
}

TEST_F(HealthWatcherTest, ConnectionsOfSshProbesAreClosedAfterARound) {
  watcher->begin();
  watcher->follow(list({HealthCheck::Type::kTcp, 80, "web", "/", HealthCheck::Scheme::kHttp, 200, "",
                        HealthCheck::Via::kSsh}));
  runner.hold(true);
  pass(1);
  EXPECT_EQ(runner.releases, 0);
  runner.release_held();
  while (inbox.serve(Instant{})) {
  }
  EXPECT_EQ(runner.releases, 1);
}

TEST_F(HealthWatcherTest, AJobThatLostItsChecksIsUnprobed) {
  watcher->begin();
  watcher->follow({{}, {kApi1}});
  EXPECT_EQ(recorded(kApi1), Health::kUnprobed);
  pass(3);
  EXPECT_TRUE(runner.probes.empty());
}

TEST_F(HealthWatcherTest, TheLimitIsKeptAndEveryAnswerMakesRoom) {
  watcher = make(1);
  watcher->begin();
  watcher->follow(list());
  runner.hold(true);
  pass(1);
  EXPECT_EQ(runner.held(), 1u);
  runner.release_held();
  while (inbox.serve(Instant{})) {
  }
  EXPECT_EQ(runner.held(), 1u) << "the other one";
}

// ---- with the whole loop --------------------------------------------------------

FakeFileView checked_workspace(const std::string& version, const std::string& checks) {
  FakeFileView view = LoopWorld::workspace(2, {{"api", version}});
  view.file("workspace/jobs/api/manifest.json",
            R"({"version": ")" + version + R"(", "selectors": ["worker"], "resources": {"ports": {"web": 80}},
                "health_check": {"checks": )" +
                checks + R"(, "wait": {"attempts": 2}}})");
  return view;
}

TEST(HealthInTheLoop, R5_8_NeitherANoteIsRewrittenNorAnythingRolledBack) {
  LoopWorld world;
  const CommitId first =
      world.source.commit(checked_workspace("1.0.0", R"([{"type": "tcp", "port": "web"}])"));
  world.pass();
  EXPECT_EQ(world.state(), "applied");
  const std::string note = world.note(first);
  world.runner.runs.clear();

  bool shown = false;
  HealthWatcher watcher({world.inbox, world.runner, world.journal, world.clock, world.observer},
                        {std::chrono::milliseconds(1), 16}, [&shown] { shown = true; });
  WatchList list;
  for (const auto& [key, allocation] : world.journal.state().allocations) {
    HealthSpec spec;
    spec.checks = {{HealthCheck::Type::kTcp, 80, "web"}};
    list.watched.push_back(
        {key, allocation.endpoint, allocation.health, std::make_shared<const HealthSpec>(spec)});
    list.watched.back().endpoint.host = key.worker;
    EXPECT_EQ(allocation.health, Health::kHealthy) << "its gate said so";
  }
  world.runner.unhealthy = {kApi1};
  watcher.begin();
  watcher.follow(list);
  while (!shown) world.inbox.serve(world.clock.now() + 1s);
  EXPECT_EQ(world.observer.count(EventKind::kHealthChanged), 1u);
  world.pass();
  EXPECT_EQ(world.state(), "applied");
  EXPECT_TRUE(world.runner.runs.empty());
  EXPECT_EQ(world.note(first), note);
  EXPECT_NE(world.board.metrics_text().find("maand_allocations_health{health=\"unhealthy\"} 1\n"),
            std::string::npos);
  EXPECT_NE(world.board.metrics_text().find("maand_allocations_health{health=\"healthy\"} 1\n"),
            std::string::npos);
  EXPECT_NE(world.board.allocations_json().find("\"health\":\"unhealthy\""), std::string::npos);
}

TEST(HealthInTheLoop, AManifestWithoutChecksMakesTheJobUnprobedWithoutTouchingIt) {
  LoopWorld world;
  world.source.commit(checked_workspace("1.0.0", R"([{"type": "tcp", "port": "web"}])"));
  world.pass();
  EXPECT_EQ(world.journal.state().find(kApi1)->health, Health::kHealthy);
  world.runner.runs.clear();
  world.source.commit(checked_workspace("1.0.0", "[]"));
  world.pass();
  EXPECT_TRUE(world.runner.runs.empty());
  EXPECT_EQ(world.journal.state().find(kApi1)->health, Health::kUnprobed);
}

}  // namespace
}  // namespace maand::testing
