#include "reconciler/core/duration.h"

#include <charconv>
#include <cstdint>

namespace maand {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
// `ms` before `m`: the first that fits is taken.
constexpr Unit kUnits[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};

std::int64_t take_unit(std::string_view& rest) {
  for (const Unit& unit : kUnits) {
    if (!rest.starts_with(unit.name)) continue;
    rest.remove_prefix(unit.name.size());
    return unit.ms;
  }
  return 0;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::int64_t total = 0;
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::int64_t unit = take_unit(text);
    if (unit == 0 || number > kLongestDuration.count() / unit) return std::nullopt;
    total += number * unit;
    if (total > kLongestDuration.count()) return std::nullopt;
  }
  if (total == 0) return std::nullopt;
  return std::chrono::milliseconds(total);
}

}  // namespace maand
