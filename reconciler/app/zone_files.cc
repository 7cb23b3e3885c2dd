#include "reconciler/app/zone_files.h"

#include <fstream>
#include <iterator>
#include <system_error>

namespace maand {
namespace {

constexpr std::uintmax_t kMostBytes = 256 << 10;  // the largest of tzdata has 4 KiB

}  // namespace

TimeZonePtr ZoneFiles::find(const std::string& name) const {
  if (!is_zone_name(name)) return nullptr;
  const std::filesystem::path path = directory_ / name;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error) || std::filesystem::file_size(path, error) > kMostBytes)
    return nullptr;
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  auto zone = TimeZone::from_tzif(bytes);
  return zone ? std::make_shared<const TimeZone>(*std::move(zone)) : nullptr;
}

}  // namespace maand
