// Local time in several places, against what their people lived through. The zones are those
// of the machine (package tzdata).
#include "reconciler/core/windows/time_zone.h"

#include <gtest/gtest.h>

#include "tests/unit/core/zones.h"

namespace maand {
namespace {

TEST(TimeZone, OffsetsFollowTheClocks) {
  const struct {
    const char* zone;
    const char* utc;
    std::int64_t hours_times_four;
  } kCases[] = {
      {"Europe/Berlin", "2026-03-29 00:59", 4},        {"Europe/Berlin", "2026-03-29 01:00", 8},
      {"Europe/Berlin", "2026-10-25 00:59", 8},        {"Europe/Berlin", "2026-10-25 01:00", 4},
      {"Europe/Berlin", "2055-07-01 12:00", 8},        {"Europe/Berlin", "2055-01-01 12:00", 4},
      {"America/New_York", "2026-07-01 00:00", -16},   {"America/New_York", "2090-12-01 00:00", -20},
      {"Australia/Sydney", "2060-01-01 00:00", 44},    {"Australia/Sydney", "2060-07-01 00:00", 40},
      {"Australia/Lord_Howe", "2060-01-01 00:00", 44}, {"Australia/Lord_Howe", "2060-07-01 00:00", 42},
      {"Asia/Kolkata", "2026-01-01 00:00", 22},        {"Asia/Kathmandu", "2080-01-01 00:00", 23},
      {"Pacific/Apia", "2011-12-30 09:59", -40},       {"Pacific/Apia", "2011-12-30 10:00", 56},
      {"Etc/GMT+5", "2026-01-01 00:00", -20},
  };
  for (const auto& [name, utc, quarters] : kCases)
    EXPECT_EQ(zone(name)->offset_at(at(utc)), quarters * 900) << name << " " << utc;
}

TEST(TimeZone, AGapEndsWhereClocksGoOnAndARepeatedTimeComesTwice) {
  const struct {
    const char* zone;
    const char* local;
    const char* first;
    const char* second;  // null: once
    bool gap;
  } kCases[] = {
      {"Europe/Berlin", "2026-03-29 01:59", "2026-03-29 00:59", nullptr, false},
      {"Europe/Berlin", "2026-03-29 02:00", "2026-03-29 01:00", nullptr, true},
      {"Europe/Berlin", "2026-03-29 02:59", "2026-03-29 01:00", nullptr, true},
      {"Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00", nullptr, false},
      {"Europe/Berlin", "2026-10-25 01:59", "2026-10-24 23:59", nullptr, false},
      {"Europe/Berlin", "2026-10-25 02:00", "2026-10-25 00:00", "2026-10-25 01:00", false},
      {"Europe/Berlin", "2026-10-25 02:59", "2026-10-25 00:59", "2026-10-25 01:59", false},
      {"Europe/Berlin", "2026-10-25 03:00", "2026-10-25 02:00", nullptr, false},
      {"America/New_York", "2040-03-11 02:30", "2040-03-11 07:00", nullptr, true},
      {"Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:30", nullptr, true},
      {"Pacific/Apia", "2011-12-30 12:00", "2011-12-30 10:00", nullptr, true},  // a day that never was
  };
  for (const auto& [name, local, first, second, gap] : kCases) {
    const TimeZone::Shown shown = zone(name)->when(at(local));
    EXPECT_EQ(shown.first, at(first)) << name << " " << local;
    EXPECT_EQ(shown.second, second ? std::optional(at(second)) : std::nullopt) << name << " " << local;
    EXPECT_EQ(shown.in_gap, gap) << name << " " << local;
  }
}

TEST(ZoneRule, IsReadAsPosixHasItAndNothingElseIs) {
  for (const char* good : {"UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
                           "EST5EDT4,J60/2:30,300", "IST-5:30", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"}) {
    EXPECT_TRUE(parse_zone_rule(good)) << good;
  }
  for (const char* bad : {"", "CE0", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.1.0,M10.5.0",
                          "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J1",
                          "CET-1CEST,M3.5.0,M10.5.0,", "<CET-1", "CET-25", "CET-1x"}) {
    EXPECT_FALSE(parse_zone_rule(bad)) << bad;
  }
}

TEST(TimeZone, DamagedFilesAreNone) {
  const std::string good = zone_bytes("Europe/Berlin");
  EXPECT_TRUE(TimeZone::from_tzif(good));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(TimeZone::from_tzif(std::string_view(good).substr(0, size))) << size;
  EXPECT_FALSE(TimeZone::from_tzif("TZif1" + std::string(39, '\0')));
}

TEST(ZoneNames, CannotLeadAnywhereElse) {
  for (const char* good : {"Europe/Berlin", "UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires"})
    EXPECT_TRUE(is_zone_name(good)) << good;
  for (const char* bad :
       {"", "/etc/passwd", "../x", "Europe/../x", "Europe//Berlin", "Europe/", "europe/Berlin", "A b", "A\n"})
    EXPECT_FALSE(is_zone_name(bad)) << bad;
}

}  // namespace
}  // namespace maand
