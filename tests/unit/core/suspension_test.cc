// R5.5: what is suspended, as data and in the plan.
#include "reconciler/core/suspension.h"

#include <gtest/gtest.h>

#include "reconciler/core/duration.h"
#include "reconciler/core/pin.h"
#include "tests/unit/core/plan_world.h"

namespace maand {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

const WallTime kNoon{hours(24 * 365 * 50)};

Suspension of_job(const char* job, hours length = hours(1)) {
  return {JobName(job), "ann", "database work", kNoon, kNoon + length};
}

std::string names(const Suspensions& suspensions) {
  std::string out;
  for (const Suspension& one : suspensions.all()) out += (one.job.empty() ? "*" : one.job.str()) + " ";
  return out;
}

TEST(Duration, IsWrittenAsWholeNumbersWithUnits) {
  struct Row {
    const char* text;
    std::int64_t ms;  // 0: refused
  };
  for (const Row& row :
       {Row{"90s", 90'000}, Row{"1h30m", 5'400'000}, Row{"7d", 604'800'000}, Row{"5ms", 5},
        Row{"366d", 31'622'400'000}, Row{"", 0}, Row{"0s", 0}, Row{"2", 0}, Row{"-2h", 0}, Row{"1.5h", 0},
        Row{"2h ", 0}, Row{"367d", 0}, Row{"99999999999999999999d", 0}, Row{"9223372036854775807d", 0}}) {
    const auto parsed = parse_duration(row.text);
    EXPECT_EQ(parsed ? parsed->count() : 0, row.ms) << row.text;
  }
}

TEST(Suspensions, TheBucketsCoversEveryJobAndEachJobHasOne) {
  Suspensions all;
  all.put(of_job("web"));
  all.put(of_job("api"));
  all.put(of_job("api", hours(9)));
  EXPECT_EQ(names(all), "api web ");
  EXPECT_EQ(all.of(JobName("api"))->until, kNoon + hours(9)) << "the newer one";
  EXPECT_EQ(all.of(JobName("db")), nullptr);
  all.put(of_job(""));
  EXPECT_EQ(names(all), "* api web ");
  EXPECT_EQ(all.of(JobName("db"))->job, JobName{});
  EXPECT_TRUE(all.drop(JobName("api")));
  EXPECT_FALSE(all.drop(JobName("api")));
}

TEST(Suspensions, EndWhenTheirTimeHasCome) {
  Suspensions all;
  all.put(of_job("api", hours(1)));
  all.put(of_job("web", hours(2)));
  EXPECT_FALSE(all.expire(kNoon + hours(1) - milliseconds(1)));
  EXPECT_TRUE(all.expire(kNoon + hours(1)));
  EXPECT_EQ(names(all), "web ");
}

TEST(Suspensions, AreKeptAsJsonAndNothingElseIsTakenForOne) {
  Suspensions all;
  all.put(of_job(""));
  all.put({JobName("api"), "ann \xff \"quoted\"", "line\nbreak", kNoon, kNoon + hours(1)});
  const auto again = suspensions_from(to_json(all));
  ASSERT_TRUE(again);
  EXPECT_EQ(names(*again), "* api ");
  EXPECT_EQ(again->of(JobName("x"))->until, kNoon + hours(1));
  EXPECT_EQ(suspensions_from("[]")->all().size(), 0u);
  for (const char* bad : {"", "{", "7", "[7]", "[{}]", R"([{"job": 7, "actor": "a", "reason": "r"}])"}) {
    EXPECT_FALSE(suspensions_from(bad)) << bad;
  }
}

TEST(Pins, AreKeptAsJsonWithAndWithoutAnEnd) {
  Pins pins;
  pins.put({JobName("api"), CommitId(std::string(40, 'a')), "ann", "2.0 is slow", kNoon});
  pins.put({JobName("web"), CommitId(std::string(40, 'b')), "bob", "demo", kNoon, kNoon + hours(1)});
  EXPECT_EQ(pins_from(to_json(pins)), pins);
  EXPECT_EQ(sentence(*pins.of(JobName("api"))),
            "at aaaaaaaaaaaa by ann: 2.0 is slow; `maand resume api` ends it");
  EXPECT_FALSE(pins.expire(kNoon + hours(1) - milliseconds(1)));
  EXPECT_TRUE(pins.expire(kNoon + hours(1)));
  EXPECT_NE(pins.of(JobName("api")), nullptr);
  for (const char* bad : {"", "[7]", "[{}]"}) EXPECT_FALSE(pins_from(bad)) << bad;
}

TEST(Plan, BeginsNothingOfASuspendedJobWhateverTheCause_R5_5) {
  PlanWorld world;
  world.worker("w1").worker("w2").job("api", "2.0.0").job("web", "2.0.0");
  world.running("api", "w1");
  world.running("web", "w1");
  world.running("gone", "w1");
  EXPECT_EQ(told(world.plan()),
            "start api@w2 New; restart api@w1 VersionChanged; stop gone@w1 Left; remove gone@w1 Left; "
            "start web@w2 New; restart web@w1 VersionChanged; ");
  world.settings.suspended.put(of_job("api"));
  world.settings.suspended.put(of_job("gone"));
  const Plan plan = world.plan();
  EXPECT_EQ(told(plan),
            "held api Suspended; held gone Suspended; start web@w2 New; restart web@w1 VersionChanged; ");
  EXPECT_EQ(plan.jobs.at(JobName("api")).held_detail.rfind("by ann until ", 0), 0u);
  world.settings.suspended.put(of_job(""));
  EXPECT_EQ(told(world.plan()), "held api Suspended; held gone Suspended; held web Suspended; ");
}

TEST(Plan, TellsNothingOfASuspendedJobThatHasNothingToDo_R5_5) {
  PlanWorld world;
  world.worker("w1").job("api");
  world.running("api", "w1");
  world.settings.suspended.put(of_job("api"));
  EXPECT_EQ(told(world.plan()), "");
}

TEST(Plan, WhatASuspendedJobDoesNotStopIsNoPartOfTheRemovalBudget_R5_5) {
  PlanWorld world;
  world.worker("w1").worker("w2").worker("w3").worker("w4").worker("w5").job("api", "2.0.0");
  for (const char* worker : {"w1", "w2", "w3", "w4", "w5"}) {
    world.running("api", worker);
    world.running("gone", worker);
    world.running("old", worker);
  }
  EXPECT_EQ(told(world.plan()).find("stop "), std::string::npos) << "10 of 15 are too many";
  world.settings.suspended.put(of_job("old"));
  EXPECT_NE(told(world.plan()).find("stop gone@w1"), std::string::npos) << "5 of 15 are not";
}

}  // namespace
}  // namespace maand
