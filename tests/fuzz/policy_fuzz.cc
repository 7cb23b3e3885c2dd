#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "reconciler/core/removal_trailer.h"
#include "reconciler/core/windows/windows.h"
#include "tests/fuzz/check.h"

namespace {

// Any bytes may be the zone file that policy.toml names.
class FuzzedZones : public maand::ZoneSource {
 public:
  explicit FuzzedZones(std::string_view bytes) : bytes_(bytes) {}
  maand::TimeZonePtr find(const std::string& name) const override {
    FUZZ_CHECK(maand::is_zone_name(name));
    auto zone = maand::TimeZone::from_tzif(bytes_);
    return zone ? std::make_shared<const maand::TimeZone>(*std::move(zone)) : nullptr;
  }

 private:
  std::string_view bytes_;
};

}  // namespace

// policy.toml, a zero byte, and a zone file; all of it is a commit message as well.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maand;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::string_view text = all.substr(0, all.find('\0'));
  const FuzzedZones zones(all.substr(std::min(text.size() + 1, all.size())));
  Diagnostics diagnostics;
  const Windows windows = parse_policy(text, "policy.toml", &zones, diagnostics);
  fuzz::check_messages(diagnostics);
  for (const AllowedRemovals& allowed : {allowed_removals({std::string(all)})})
    FUZZ_CHECK(allowed.wrong.size() <= 10);
  if (diagnostics.has_errors() || windows.size() > 3) return 0;
  const std::chrono::system_clock::time_point now{std::chrono::seconds(1'790'000'000)};
  const Closures closures = closures_at(windows, now);
  for (const auto& [job, closure] : closures.named) {
    if (closure && closure->opens) FUZZ_CHECK(*closure->opens > now);
  }
  return 0;
}
