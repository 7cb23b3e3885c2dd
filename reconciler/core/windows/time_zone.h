// How local time runs in a place: a TZif file (RFC 8536), understood. Pure: whoever has the
// files implements ZoneSource.
//
// Times are seconds since 1970-01-01; a *local* time is what a clock there shows, counted as if
// it were UTC.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maand {

// `CET-1CEST,M3.5.0,M10.5.0/3`: what goes on for ever after the last transition of a file.
struct ZoneRule {
  struct Turn {
    enum class Kind { kMonthWeekDay, kDayWithoutLeap, kDay } kind = Kind::kMonthWeekDay;
    int month = 1;
    int week = 1;  // 5 = the last
    int day = 0;   // weekday, or day of the year
    std::int64_t time = 7200;
  };
  std::int64_t standard = 0;  // offsets, seconds east of UTC
  std::optional<std::int64_t> summer;
  Turn begins, ends;  // of summer time

  std::int64_t offset_at(std::int64_t utc) const;
};
// nullopt: it is none.
std::optional<ZoneRule> parse_zone_rule(std::string_view text);

class TimeZone {
 public:
  TimeZone() = default;  // UTC
  // nullopt: no TZif file of version 2 or later, or a damaged one. Any bytes may be given.
  static std::optional<TimeZone> from_tzif(std::string_view bytes);

  std::int64_t offset_at(std::int64_t utc) const;  // seconds east of UTC
  // The same before the first and behind the last second: no clock is set in between,
  // as far as both ends tell.
  bool is_even(std::int64_t from_utc, std::int64_t to_utc) const {
    return offset_at(from_utc) == offset_at(to_utc);
  }

  // When clocks show `local`.
  struct Shown {
    std::int64_t first = 0;              // in a gap: when the gap ends
    std::optional<std::int64_t> second;  // clocks were set back, and show it again
    bool in_gap = false;                 // clocks are set forward over it
  };
  Shown when(std::int64_t local) const;

 private:
  std::vector<std::int64_t> at_;         // transitions, ascending
  std::vector<std::int64_t> offset_{0};  // before the first, then behind each
  std::optional<ZoneRule> rule_;         // behind the last
};
using TimeZonePtr = std::shared_ptr<const TimeZone>;

// `Europe/Berlin` and the like: no more than names of that form ever reach a ZoneSource.
bool is_zone_name(std::string_view text);

class ZoneSource {
 public:
  virtual ~ZoneSource() = default;
  // Null: there is no such zone. REQUIRES: is_zone_name(name). Any thread.
  virtual TimeZonePtr find(const std::string& name) const = 0;
};

}  // namespace maand
