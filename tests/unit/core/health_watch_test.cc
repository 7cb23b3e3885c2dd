// R5.8: who is probed when, and which answers are news.
#include "reconciler/core/health_watch.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace maand {
namespace {

using namespace std::chrono_literals;

constexpr auto kInterval = 60s;

Instant at(std::chrono::milliseconds time) { return Instant{} + time; }

class Watch {
 public:
  explicit Watch(int most = 100, std::chrono::milliseconds interval = kInterval) : watch(interval, most) {}

  static WatchedAllocation allocation(const std::string& job, const std::string& worker,
                                      Health health = Health::kHealthy, int port = 80) {
    HealthSpec spec;
    spec.checks = {{HealthCheck::Type::kTcp, port, "web"}};
    WatchedAllocation one;
    one.key = {JobName(job), WorkerHost(worker)};
    one.endpoint.address = worker;
    one.health = health;
    one.spec = std::make_shared<const HealthSpec>(spec);
    return one;
  }

  // The rounds of `answers` (`h`, `u`, `-` = no verdict), one an interval; what
  // changed, as `3:unhealthy` with the number of the round. Changes are recorded.
  std::string rounds(const std::string& answers) {
    std::string told;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      now += kInterval;
      for (const HealthWatch::Probe& probe : watch.due(now)) {
        const Health health = answers[i] == 'h'   ? Health::kHealthy
                              : answers[i] == 'u' ? Health::kUnhealthy
                                                  : Health::kUnprobed;
        const auto change = watch.answered(probe.key, probe.ticket, health, "why");
        if (!change) continue;
        told += (told.empty() ? "" : " ") + std::to_string(i + 1) + ":" + to_string(change->to);
        watch.settle(change->key, change->to);
      }
    }
    return told;
  }

  HealthWatch watch;
  Instant now = at(0s);
};

TEST(HealthWatch, R5_8_ThreeFailuresMakeItUnhealthyAndTwoSuccessesHealthy) {
  const struct {
    Health recorded;
    const char* answers;
    const char* told;
  } kCases[] = {
      {Health::kHealthy, "hhhhhh", ""},
      {Health::kHealthy, "uu", ""},
      {Health::kHealthy, "uuu", "3:unhealthy"},
      {Health::kHealthy, "uuuuuuu", "3:unhealthy"},
      {Health::kHealthy, "uuhuuhuu", ""},
      {Health::kHealthy, "uuhuuu", "6:unhealthy"},
      {Health::kHealthy, "uuuh", "3:unhealthy"},
      {Health::kHealthy, "uuuhh", "3:unhealthy 5:healthy"},
      {Health::kHealthy, "uuuhuhuhh", "3:unhealthy 9:healthy"},
      {Health::kHealthy, "uu-u", "4:unhealthy"},  // no verdict is neither
      {Health::kHealthy, "-----", ""},
      {Health::kUnhealthy, "h", ""},
      {Health::kUnhealthy, "hh", "2:healthy"},
      {Health::kUnhealthy, "uuuu", ""},
      {Health::kUnprobed, "h", ""},
      {Health::kUnprobed, "hh", "2:healthy"},
      {Health::kUnprobed, "uu", ""},
      {Health::kUnprobed, "uuu", "3:unhealthy"},
  };
  for (const auto& [recorded, answers, told] : kCases) {
    Watch world;
    world.watch.follow({{Watch::allocation("api", "w1", recorded)}, {}}, world.now);
    EXPECT_EQ(world.rounds(answers), told) << to_string(recorded) << " " << answers;
  }
}

TEST(HealthWatch, AChangeThatCouldNotBeRecordedIsProposedAgain) {
  Watch world;
  world.watch.follow({{Watch::allocation("api", "w1")}, {}}, world.now);
  int proposed = 0;
  for (int i = 1; i <= 5; ++i) {
    const auto probes = world.watch.due(at(kInterval * i));
    ASSERT_EQ(probes.size(), 1u);
    const auto change =
        world.watch.answered(probes[0].key, probes[0].ticket, Health::kUnhealthy, "x" + std::to_string(i));
    if (change) {
      EXPECT_EQ(change->detail, "x" + std::to_string(i));
    }
    proposed += change ? 1 : 0;
  }
  EXPECT_EQ(proposed, 3) << "in rounds 3, 4 and 5";
}

TEST(HealthWatch, EveryoneIsDueOnceAnIntervalSpreadOverItAndTogetherOnAWorker) {
  Watch world(1000);
  WatchList list;
  for (int i = 0; i < 200; ++i) {
    const std::string worker = "10.0.0." + std::to_string(i);
    list.watched.push_back(Watch::allocation("api", worker));
    list.watched.push_back(Watch::allocation("db", worker));
  }
  std::sort(list.watched.begin(), list.watched.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  world.watch.follow(list, at(0s));
  for (int round = 0; round < 3; ++round) {
    std::map<AllocationKey, int> asked;
    std::map<WorkerHost, std::set<int>> seconds;
    std::size_t most = 0;
    for (int second = 0; second < 60; ++second) {
      // The last moment of each second of this interval.
      const auto probes = world.watch.due(at(kInterval * round + std::chrono::seconds(second) + 999ms));
      most = std::max(most, probes.size());
      for (const HealthWatch::Probe& probe : probes) {
        ++asked[probe.key];
        seconds[probe.key.worker].insert(second);
        world.watch.answered(probe.key, probe.ticket, Health::kHealthy, "");
      }
    }
    EXPECT_EQ(asked.size(), 400u);
    for (const auto& [key, times] : asked) EXPECT_EQ(times, 1) << key.str();
    for (const auto& [worker, when] : seconds) EXPECT_EQ(when.size(), 1u) << worker.str();
    EXPECT_LT(most, 40u) << "an even spread has 7 in each second";
  }
}

TEST(HealthWatch, NoMoreAreUnderWayThanTheLimitAndTheLateOnesComeFirst) {
  Watch world(2);
  world.watch.follow({{Watch::allocation("a", "w"), Watch::allocation("b", "w"), Watch::allocation("c", "w"),
                       Watch::allocation("d", "w")},
                      {}},
                     at(0s));
  const auto first = world.watch.due(at(60s));
  ASSERT_EQ(first.size(), 2u);
  EXPECT_TRUE(world.watch.due(at(61s)).empty());
  EXPECT_EQ(world.watch.wake_at(), std::nullopt) << "only an answer makes room";
  world.watch.answered(first[1].key, first[1].ticket, Health::kHealthy, "");
  const auto third = world.watch.due(at(200s));
  ASSERT_EQ(third.size(), 1u);
  EXPECT_EQ(third[0].key.job.str(), "c") << "it waited longest; a is under way and b had its turn";
}

TEST(HealthWatch, ARoundThatLastsLongerThanTheIntervalIsNotDoubled) {
  Watch world;
  world.watch.follow({{Watch::allocation("api", "w1")}, {}}, at(0s));
  ASSERT_EQ(world.watch.due(at(60s)).size(), 1u);
  EXPECT_EQ(world.watch.due(at(500s)).size(), 0u);
  EXPECT_EQ(world.watch.in_flight(), 1u);
}

TEST(HealthWatch, WhatARolloutActsOnIsNotAskedAndItsLateAnswersSayNothing) {
  Watch world;
  const WatchList list{{Watch::allocation("api", "w1")}, {}};
  world.watch.follow(list, world.now);
  EXPECT_EQ(world.rounds("uu"), "");
  const auto under_way = world.watch.due(world.now += kInterval);
  ASSERT_EQ(under_way.size(), 1u);
  world.watch.pause(under_way[0].key);
  EXPECT_EQ(world.watch.answered(under_way[0].key, under_way[0].ticket, Health::kUnhealthy, ""),
            std::nullopt);
  EXPECT_EQ(world.rounds("uuuuu"), "") << "nobody is asked";
  world.watch.follow(list, world.now);
  EXPECT_EQ(world.rounds("uuu"), "3:unhealthy") << "and the count begins anew";
}

TEST(HealthWatch, FollowingAnewKeepsTurnsAndCountsUnlessTheQuestionIsAnother) {
  Watch world;
  world.watch.follow({{Watch::allocation("api", "w1")}, {}}, world.now);
  EXPECT_EQ(world.rounds("uu"), "");
  world.watch.follow({{Watch::allocation("api", "w1")}, {}}, world.now);
  EXPECT_EQ(world.rounds("u"), "1:unhealthy") << "the third in a row";

  world.watch.follow({{Watch::allocation("api", "w1", Health::kHealthy)}, {}}, world.now);
  EXPECT_EQ(world.rounds("uu"), "") << "a gate has found it healthy since";
  world.watch.follow({{Watch::allocation("api", "w1", Health::kHealthy, 8080)}, {}}, world.now);
  EXPECT_EQ(world.rounds("uu"), "") << "other checks";
  WatchedAllocation older = Watch::allocation("api", "w1");
  older.spec = nullptr;
  world.watch.follow({{older}, {}}, world.now);
  const auto probes = world.watch.due(world.now += kInterval);
  ASSERT_EQ(probes.size(), 1u);
  EXPECT_EQ(probes[0].spec->checks.at(0).port, 8080) << "the checks that were known of it";
}

TEST(HealthWatch, WhoIsNotListedAnyMoreIsForgotten) {
  Watch world;
  world.watch.follow({{Watch::allocation("api", "w1"), Watch::allocation("api", "w2")}, {}}, at(0s));
  const auto probes = world.watch.due(at(60s));
  ASSERT_EQ(probes.size(), 2u);
  WatchedAllocation unknown = Watch::allocation("db", "w1");
  unknown.spec = nullptr;  // never seen, and its checks are not known
  world.watch.follow({{unknown}, {}}, at(60s));
  EXPECT_EQ(world.watch.watched(), 0u);
  for (const auto& probe : probes) {
    EXPECT_EQ(world.watch.answered(probe.key, probe.ticket, Health::kUnhealthy, ""), std::nullopt);
  }
  EXPECT_EQ(world.watch.in_flight(), 0u);
  EXPECT_EQ(world.watch.wake_at(), std::nullopt);
  EXPECT_TRUE(world.watch.due(at(1000s)).empty());
}

}  // namespace
}  // namespace maand
