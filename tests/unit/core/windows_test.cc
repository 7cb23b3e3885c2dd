// R5.6: when something may begin.
#include "reconciler/core/windows/windows.h"

#include <gtest/gtest.h>

#include <random>

#include "reconciler/core/sanitizer.h"
#include "tests/unit/core/plan_world.h"
#include "tests/unit/core/zones.h"

namespace maand {
namespace {

using std::chrono::minutes;
using WallTime = std::chrono::system_clock::time_point;

WallTime wall(std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

Windows windows(const std::string& toml) {
  Diagnostics diagnostics;
  const MachineZones zones;
  Windows out = parse_policy(toml, "policy.toml", &zones, diagnostics);
  for (const Diagnostic& one : diagnostics.all()) ADD_FAILURE() << to_string(one);
  return out;
}

std::string window(const std::string& kind, const std::string& schedule, const std::string& duration,
                   const std::string& zone = "UTC", const std::string& more = "") {
  return "[[window]]\nkind = \"" + kind + "\"\nschedule = \"" + schedule + "\"\nduration = \"" + duration +
         "\"\ntime_zone = \"" + zone + "\"\n" + more + "\n";
}

std::string told(std::int64_t seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d", int(date.year()), unsigned(date.month()),
                unsigned(date.day()), int(clock.hours().count()), int(clock.minutes().count()));
  return text;
}

// `open`, or `closed by NAME until …`.
std::string state(const Windows& all, const std::string& utc, const std::string& job = "api") {
  const Closures closures = closures_at(all, wall(at(utc)));
  const Closure* closure = closures.of(JobName(job));
  if (!closure) return "open";
  const std::string by = closure->window.empty() ? "closed" : "closed by " + closure->window;
  if (!closure->opens) return by + " for ever";
  return by + " until " +
         told(std::chrono::duration_cast<std::chrono::seconds>(closure->opens->time_since_epoch()).count());
}

TEST(Windows, AllowAndDenyAsTheTableSays_R5_6) {
  const std::string nights = window("allow", "0 22 * * 1-5", "4h");
  const std::string freeze = window("deny", "0 0 24 12 *", "3d", "UTC", "name = \"holidays\"");
  const struct {
    std::string policy;
    const char* now;
    const char* state;
  } kCases[] = {
      {"", "2026-11-27 12:00", "open"},
      {nights, "2026-11-27 21:59", "closed until 2026-11-27 22:00"},
      {nights, "2026-11-27 22:00", "open"},
      {nights, "2026-11-28 01:59", "open"},                           // Friday's, into Saturday
      {nights, "2026-11-28 02:00", "closed until 2026-11-30 22:00"},  // till Monday
      {freeze, "2026-12-23 23:59", "open"},
      {freeze, "2026-12-24 00:00", "closed by holidays until 2026-12-27 00:00"},
      {freeze, "2026-12-27 00:00", "open"},
      {nights + freeze, "2026-12-24 23:00", "closed by holidays until 2026-12-28 22:00"},  // deny wins
      {nights + window("allow", "0 12 * * *", "1h"), "2026-11-27 12:30", "open"},
      {nights + window("allow", "0 12 * * *", "1h"), "2026-11-27 13:00", "closed until 2026-11-27 22:00"},
      {window("deny", "* * * * *", "1m"), "2026-11-27 12:00", "closed by window 1 for ever"},
      {window("allow", "0 0 29 2 *", "1h"), "2026-11-27 12:00", "closed until 2028-02-29 00:00"},
      {window("allow", "0 0 29 2 *", "1h"), "2096-03-01 00:00", "closed until 2104-02-29 00:00"},
      {window("allow", "0 1 * * *", "1h") + window("deny", "0 1 * * *", "1h"), "2026-11-27 12:00",
       "closed for ever"},
      {window("allow", "0 0 13 * 5", "1h"), "2026-11-14 12:00",
       "closed until 2026-11-20 00:00"},  // or, as cron
  };
  for (const auto& [policy, now, expected] : kCases)
    EXPECT_EQ(state(windows(policy), now), expected) << policy << now;
}

TEST(Windows, OfSomeJobsAreJudgedTogetherWithThoseOfAll_R5_6) {
  const Windows all = windows(window("allow", "0 22 * * *", "1h") +
                              window("allow", "0 12 * * *", "1h", "UTC", "jobs = [\"web\"]") +
                              window("deny", "0 22 * * *", "30m", "UTC", "jobs = [\"db\"]"));
  EXPECT_EQ(state(all, "2026-11-27 12:30", "api"), "closed until 2026-11-27 22:00");
  EXPECT_EQ(state(all, "2026-11-27 12:30", "web"), "open");
  EXPECT_EQ(state(all, "2026-11-27 22:10", "web"), "open");
  EXPECT_EQ(state(all, "2026-11-27 22:10", "db"), "closed by window 3 until 2026-11-27 22:30");
}

TEST(Windows, StartsAroundASetClock_R5_6) {
  const struct {
    const char* zone;
    const char* schedule;
    const char* duration;
    const char* now;
    const char* state;
  } kCases[] = {
      // Forward from 02:00 to 03:00 at 01:00 UTC: it starts when the gap ends.
      {"Europe/Berlin", "30 2 * * *", "1h", "2026-03-29 00:59", "closed until 2026-03-29 01:00"},
      {"Europe/Berlin", "30 2 * * *", "1h", "2026-03-29 01:59", "open"},
      {"Europe/Berlin", "30 2 * * *", "1h", "2026-03-29 02:00", "closed until 2026-03-30 00:30"},
      // Back from 03:00 to 02:00 at 01:00 UTC: 02:30 comes twice, and the window once.
      {"Europe/Berlin", "30 2 * * *", "30m", "2026-10-25 00:00", "closed until 2026-10-25 00:30"},
      {"Europe/Berlin", "30 2 * * *", "30m", "2026-10-25 00:45", "open"},
      {"Europe/Berlin", "30 2 * * *", "30m", "2026-10-25 01:30", "closed until 2026-10-26 01:30"},
      // Every hour means the one that comes twice as well.
      {"Europe/Berlin", "0 * * * *", "1h", "2026-10-25 01:30", "open"},
      // Elapsed time counts: four hours from 22:00 are over at 03:00 by the clock in spring.
      {"Europe/Berlin", "0 23 * * *", "4h", "2026-03-29 01:59", "open"},
      {"Europe/Berlin", "0 23 * * *", "4h", "2026-03-29 02:00", "closed until 2026-03-29 21:00"},
      {"America/New_York", "30 2 8 3 *", "10m", "2026-03-08 06:59", "closed until 2026-03-08 07:00"},
      {"Australia/Lord_Howe", "10 2 4 10 *", "10m", "2026-10-03 15:29", "closed until 2026-10-03 15:30"},
      {"Pacific/Apia", "0 12 30 12 *", "1h", "2011-12-30 09:59", "closed until 2011-12-30 10:00"},
      {"Asia/Kathmandu", "0 0 * * *", "1h", "2026-11-27 12:00", "closed until 2026-11-27 18:15"},
  };
  for (const auto& [zone, schedule, duration, now, expected] : kCases)
    EXPECT_EQ(state(windows(window("allow", schedule, duration, zone)), now), expected) << zone << " " << now;
}

// Walks over the minutes as a clock on the wall does. Nothing of the product but the offsets.
class BruteForce {
 public:
  BruteForce(const Windows& all, std::int64_t from, std::int64_t to) : from_(from) {
    const std::int64_t begin = from - 3 * 86'400;
    std::vector<int> allowed(static_cast<std::size_t>((to - from) / 60), 0), denied(allowed);
    bool any_allow = false;
    for (const Window& one : all) {
      any_allow = any_allow || one.allow;
      for (std::int64_t t = begin; t < to; t += 60) {
        if (!starts(one, t)) continue;
        for (std::int64_t m = t; m < t + one.duration.count() * 60 && m < to; m += 60) {
          if (m >= from) ++(one.allow ? allowed : denied)[static_cast<std::size_t>((m - from) / 60)];
        }
      }
    }
    for (std::size_t i = 0; i < allowed.size(); ++i)
      open_.push_back((allowed[i] > 0 || !any_allow) && denied[i] == 0);
  }
  bool open(std::int64_t t) const { return open_.at(static_cast<std::size_t>((t - from_) / 60)); }
  std::size_t size() const { return open_.size(); }

 private:
  static bool fires(const Window& one, std::int64_t local) {
    const std::chrono::sys_days day{std::chrono::days(local / 86'400)};
    return one.starts.on(day) && one.starts.hours.test(static_cast<std::size_t>(local % 86'400 / 3600)) &&
           one.starts.minutes.test(static_cast<std::size_t>(local % 3600 / 60));
  }
  static bool starts(const Window& one, std::int64_t t) {
    const std::int64_t local = t + one.zone->offset_at(t);
    const std::int64_t before = t - 60 + one.zone->offset_at(t - 60);
    for (std::int64_t skipped = before + 60; skipped < local; skipped += 60) {
      if (fires(one, skipped)) return true;
    }
    if (!fires(one, local)) return false;
    bool shown_before = false;
    for (std::int64_t earlier = t - 60; earlier >= t - 4 * 3600; earlier -= 60)
      shown_before = shown_before || earlier + one.zone->offset_at(earlier) == local;
    return !shown_before || one.starts.any_hour;
  }

  std::int64_t from_;
  std::vector<bool> open_;
};

// Of a time that is asked for: every thirteenth minute is enough. Arithmetic of one thread,
// which ASan makes a hundred times as slow.
#if defined(MAAND_ASAN)
constexpr int kRounds = 3;
constexpr std::int64_t kStep = 130 * 60;
#else
constexpr int kRounds = 30;
constexpr std::int64_t kStep = 13 * 60;
#endif

TEST(Windows, TheNextOpeningIsTheFirstMinuteInside_R5_6) {
  std::mt19937 random(20261126);
  const auto pick = [&](int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random);
  };
  const char* kZones[] = {"UTC",
                          "Europe/Berlin",
                          "America/New_York",
                          "Australia/Lord_Howe",
                          "America/Havana",
                          "Africa/Casablanca",
                          "Asia/Kathmandu"};
  const char* kDays[] = {"2026-03-08 00:00", "2026-03-29 00:00", "2026-10-25 00:00",
                         "2026-11-01 00:00", "2026-04-05 00:00", "2026-02-15 00:00"};
  for (int round = 0; round < kRounds; ++round) {
    std::string policy;
    for (int i = pick(1, 3); i > 0; --i) {
      const std::string hours =
          pick(0, 3) == 0 ? "*" : std::to_string(pick(0, 5)) + "," + std::to_string(pick(6, 23));
      const std::string minute = pick(0, 3) == 0 ? "*/20" : std::to_string(pick(0, 59));
      policy += window(pick(0, 2) > 0 ? "allow" : "deny",
                       minute + " " + hours + " * * " + (pick(0, 1) ? "*" : "0,1"),
                       std::to_string(pick(1, 400)) + "m", kZones[pick(0, 6)]);
    }
    const Windows all = windows(policy);
    const std::int64_t from = at(kDays[pick(0, 5)]) - 86'400;
    const std::int64_t to = from + 4 * 86'400;
    const BruteForce brute(all, from, to);
    std::int64_t next_open = to;
    for (std::int64_t t = to - 60; t >= from; t -= 60) {
      if (brute.open(t)) next_open = t;
      if (t % kStep != 0) continue;
      const Closures closures = closures_at(all, wall(t));
      const Closure* closure = closures.of(JobName("api"));
      ASSERT_EQ(closure == nullptr, brute.open(t)) << "round " << round << " " << told(t) << "\n" << policy;
      if (closure && next_open < to) {
        ASSERT_TRUE(closure->opens && *closure->opens == wall(next_open))
            << "round " << round << " " << told(t) << " opens " << told(next_open) << "\n"
            << policy;
      }
    }
  }
}

TEST(PolicyFile, WhatIsNotUnderstoodIsTold_R1_3) {
  const std::string good = window("allow", "0 22 * * *", "4h");
  const struct {
    std::string text;
    std::string told;
  } kCases[] = {
      {"[[window]]\n", "policy.toml: window[0].kind: is missing"},
      {"window = 1\n", "policy.toml: window: must be at most 100 tables"},
      {"[window]\nkind = \"allow\"\n", "policy.toml: window: must be at most 100 tables"},
      {"windows = []\n", "policy.toml: windows: there is no such key"},
      {"[[window]\n", "policy.toml: line 1"},
      {good + "color = \"red\"\n", "policy.toml: window[0].color: there is no such key"},
      {window("never", "0 22 * * *", "4h"), "policy.toml: window[0].kind: \"never\" is no kind of window"},
      {window("allow", "0 22 * *", "4h"),
       "policy.toml: window[0].schedule: \"0 22 * *\": has not the five fields"},
      {window("allow", "60 22 * * *", "4h"),
       "policy.toml: window[0].schedule: \"60 22 * * *\": \"60\" is no minute"},
      {window("allow", "0 22 30 2 *", "4h"),
       "policy.toml: window[0].schedule: \"0 22 30 2 *\": names a day that no year has"},
      {window("allow", "0 22 * * *", "4"),
       "policy.toml: window[0].duration: \"4\" is no duration of a window"},
      {window("allow", "0 22 * * *", "90s"),
       "policy.toml: window[0].duration: \"90s\" is no duration of a window"},
      {window("allow", "0 22 * * *", "40d"),
       "policy.toml: window[0].duration: \"40d\" is no duration of a window"},
      {window("allow", "0 22 * * *", "4h", "Europe/Atlantis"),
       "policy.toml: window[0].time_zone: \"Europe/Atlantis\" is no time zone"},
      {window("allow", "0 22 * * *", "4h", "../etc/passwd"),
       "policy.toml: window[0].time_zone: \"../etc/passwd\" is no time zone"},
      {window("allow", "0 22 * * *", "4h", "UTC", "jobs = []"),
       "policy.toml: window[0].jobs: must be a list"},
      {window("allow", "0 22 * * *", "4h", "UTC", "jobs = [\"a b\"]"),
       "policy.toml: window[0].jobs[0]: is no name of a job"},
      {window("allow", "0 22 * * *", "4h", "UTC", "name = \"\""), "policy.toml: window[0].name: is empty"},
  };
  const MachineZones zones;
  for (const auto& [text, expected] : kCases) {
    Diagnostics diagnostics;
    parse_policy(text, "policy.toml", &zones, diagnostics);
    ASSERT_TRUE(diagnostics.has_errors()) << text;
    EXPECT_EQ(to_string(diagnostics.all()[0]).substr(0, expected.size()), expected) << text;
  }
}

TEST(Cron, IsReadAsCronReadsIt) {
  std::string wrong;
  for (const char* good : {"* * * * *", "*/5 0-23/2 1,15 jan-MAR Mon-fri", "0 0 29 2 *", "0 0 30 2 1",
                           "5 4 * * 7", "0\t0 * * *", "  1 2 3 4 5  "})
    EXPECT_TRUE(parse_cron(good, wrong)) << good << wrong;
  for (const char* bad : {"", "@daily", "* * * * * *", "*/0 * * * *", "-1 * * * *", "5-1 * * * *",
                          "1,, * * * *", "a * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8",
                          "5/2 * * * *", "* * 31 4,6 *", "001 * * * *", "+1 * * * *"})
    EXPECT_FALSE(parse_cron(bad, wrong)) << bad;
}

TEST(WindowsAndPlans, OutsideNothingOfTheJobBegins_R5_6) {
  PlanWorld world;
  world.worker("w1").job("api", "2.0.0").job("web", "2.0.0");
  world.running("api", "w1");
  world.running("web", "w1");
  world.running("gone", "w1");
  world.settings.closed = closures_at(
      windows(window("deny", "0 12 * * *", "1h", "UTC", "name = \"lunch\"\njobs = [\"api\", \"gone\"]")),
      wall(at("2026-11-27 12:30")));
  Plan plan = world.plan();
  EXPECT_EQ(told(plan), "held api WindowClosed; held gone WindowClosed; restart web@w1 VersionChanged; ");
  EXPECT_EQ(plan.jobs.at(JobName("api")).held_detail,
            "`lunch` denies it until 2026-11-27T13:00:00.000Z; `maand release api` lets it begin now");
  world.applied.jobs[JobName("api")].released_tree = world.job_of("api").tree;
  world.settings.released_removals = {{JobName("gone"), WorkerHost("w1")}};
  plan = world.plan();
  EXPECT_FALSE(plan.jobs.at(JobName("api")).held) << "released";
  EXPECT_FALSE(plan.jobs.at(JobName("gone")).held) << "released";
}

}  // namespace
}  // namespace maand
