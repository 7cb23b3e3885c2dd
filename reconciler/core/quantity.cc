#include "reconciler/core/quantity.h"

#include <array>
#include <charconv>
#include <cmath>
#include <span>

#include "reconciler/core/text.h"

namespace maand {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr double kLargest = 1e15;

// The whole of `text` as a number.
std::optional<double> parse_number(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);  // from_chars knows no plus
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<double> limited(double value) {
  if (!(std::fabs(value) <= kLargest)) return std::nullopt;
  return value == 0 ? 0 : value;  // -0 would print as "-0"
}

std::optional<double> parse(std::string_view text, std::span<const Unit> units) {
  text = trim(text);
  if (text.empty()) return 0;
  if (const auto bare = parse_number(text)) return limited(*bare);
  const std::size_t end = text.find_first_not_of("0123456789.");
  if (end == 0 || end == std::string_view::npos) return std::nullopt;
  const auto number = parse_number(text.substr(0, end));
  if (!number) return std::nullopt;
  const std::string_view unit = trim(text.substr(end));
  for (const Unit& known : units) {
    if (equal_fold(unit, known.name)) return limited(*number * known.factor);
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> parse_memory_mb(std::string_view text) {
  static constexpr std::array<Unit, 3> kUnits = {{{"mb", 1}, {"gb", 1024}, {"tb", 1048576}}};
  return parse(text, kUnits);
}

std::optional<double> parse_cpu_mhz(std::string_view text) {
  static constexpr std::array<Unit, 3> kUnits = {{{"mhz", 1}, {"ghz", 1000}, {"thz", 1000000}}};
  return parse(text, kUnits);
}

std::string format_quantity(double amount) {
  std::array<char, 512> buffer{};  // the longest finite double has 309 digits before or 325 after its point
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), amount, std::chars_format::fixed);
  return error == std::errc{} ? std::string(buffer.data(), end) : std::string();
}

}  // namespace maand
