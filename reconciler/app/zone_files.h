// Time zones as the machine has them: the files of the package tzdata.
#pragma once

#include <filesystem>

#include "reconciler/core/windows/time_zone.h"

namespace maand {

inline constexpr const char* kZoneFiles = "/usr/share/zoneinfo";

class ZoneFiles : public ZoneSource {
 public:
  explicit ZoneFiles(std::filesystem::path directory = kZoneFiles) : directory_(std::move(directory)) {}
  TimeZonePtr find(const std::string& name) const override;

 private:
  const std::filesystem::path directory_;
};

}  // namespace maand
