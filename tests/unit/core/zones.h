// Zones of the machine, and moments in words.
#pragma once

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>

#include "reconciler/core/windows/time_zone.h"

namespace maand {

inline std::string zone_bytes(const std::string& name) {
  std::ifstream in("/usr/share/zoneinfo/" + name, std::ios::binary);
  if (!in) throw std::runtime_error("no zone " + name + ": install tzdata");
  return {std::istreambuf_iterator<char>(in), {}};
}

inline TimeZonePtr zone(const std::string& name) {
  auto found = TimeZone::from_tzif(zone_bytes(name));
  if (!found) throw std::runtime_error("cannot read zone " + name);
  return std::make_shared<const TimeZone>(*std::move(found));
}

// `2026-03-29 01:59`, as if in UTC.
inline std::int64_t at(const std::string& text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0;
  if (std::sscanf(text.c_str(), "%d-%d-%d %d:%d", &year, &month, &day, &hour, &minute) != 5)
    throw std::runtime_error("no time: " + text);
  const std::chrono::sys_days date = std::chrono::year(year) / month / day;
  return date.time_since_epoch().count() * std::int64_t{86'400} + hour * 3600 + minute * 60;
}

class MachineZones : public ZoneSource {
 public:
  TimeZonePtr find(const std::string& name) const override {
    return std::filesystem::is_regular_file("/usr/share/zoneinfo/" + name) ? zone(name) : nullptr;
  }
};

}  // namespace maand
