#include "reconciler/app/config_values.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>
#include <utility>

#include "reconciler/core/duration.h"

namespace maand {
namespace {

bool is_text(const ConfigValue& value) {
  return value.kind == ConfigValue::Kind::kText || value.kind == ConfigValue::Kind::kWord;
}

// Takes a decimal number off the front of `rest`.
std::optional<std::int64_t> take_number(std::string_view& rest) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return number;
}

struct Unit {
  std::string_view name;
  std::int64_t factor;
};
constexpr Unit kSizeUnits[] = {{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}};

template <std::size_t N>
std::optional<std::int64_t> take_unit(std::string_view& rest, const Unit (&units)[N]) {
  for (const Unit& unit : units) {
    if (!rest.starts_with(unit.name)) continue;
    rest.remove_prefix(unit.name.size());
    return unit.factor;
  }
  return std::nullopt;
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return "";
  return std::string(text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1));
}

std::optional<std::string> as_text(const ConfigValue& value) {
  if (!is_text(value)) return std::nullopt;
  return trimmed(value.text);
}

std::optional<std::int64_t> as_integer(const ConfigValue& value, std::int64_t least, std::int64_t most) {
  std::int64_t number = value.integer;
  if (value.kind == ConfigValue::Kind::kWord) {
    const char* end = value.text.data() + value.text.size();
    const auto result = std::from_chars(value.text.data(), end, number);
    if (result.ec != std::errc{} || result.ptr != end) return std::nullopt;
  } else if (value.kind != ConfigValue::Kind::kInteger) {
    return std::nullopt;
  }
  if (number < least || number > most) return std::nullopt;
  return number;
}

std::optional<bool> as_bool(const ConfigValue& value) {
  if (value.kind == ConfigValue::Kind::kBool) return value.boolean;
  if (value.kind != ConfigValue::Kind::kWord) return std::nullopt;
  if (value.text == "true") return true;
  if (value.text == "false") return false;
  return std::nullopt;
}

std::optional<std::vector<std::string>> as_list(const ConfigValue& value) {
  if (value.kind == ConfigValue::Kind::kTextList) return value.list;
  if (value.kind != ConfigValue::Kind::kWord) return std::nullopt;
  std::vector<std::string> out;
  std::string_view rest = value.text;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (std::string item = trimmed(rest.substr(0, comma)); !item.empty()) out.push_back(std::move(item));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return out;
}

std::optional<std::chrono::milliseconds> as_duration(const ConfigValue& value) {
  return is_text(value) ? parse_duration(value.text) : std::nullopt;
}

std::optional<std::uint64_t> as_bytes(const ConfigValue& value) {
  std::int64_t number = 0;
  if (value.kind == ConfigValue::Kind::kInteger) {
    number = value.integer;
  } else if (is_text(value)) {
    std::string_view rest = value.text;
    const auto count = take_number(rest);
    if (!count) return std::nullopt;
    const std::int64_t factor = rest.empty() ? 1 : take_unit(rest, kSizeUnits).value_or(0);
    if (factor == 0 || !rest.empty() || *count > INT64_MAX / factor) return std::nullopt;
    number = *count * factor;
  }
  if (number <= 0) return std::nullopt;
  return static_cast<std::uint64_t>(number);
}

std::optional<double> as_share(const ConfigValue& value) {
  if (!is_text(value)) return std::nullopt;
  std::string_view rest = value.text;
  const auto percent = take_number(rest);
  if (!percent || rest != "%" || *percent > 100) return std::nullopt;
  return static_cast<double>(*percent) / 100.0;
}

std::optional<Allowance> as_allowance(const ConfigValue& value) {
  if (const auto share = as_share(value)) return Allowance{.count = std::nullopt, .share = share};
  const auto count = as_integer(value, 0, std::numeric_limits<int>::max());
  if (!count) return std::nullopt;
  return Allowance{.count = static_cast<int>(*count), .share = std::nullopt};
}

std::string shown(const ConfigValue& value) {
  std::string text = value.text;
  // A password in a URL stands between "://" and the last "@" of the authority.
  if (const std::size_t scheme = text.find("://"); scheme != std::string::npos) {
    const std::size_t authority = scheme + 3;
    const std::size_t end = std::min(text.find('/', authority), text.size());
    const std::size_t at = text.rfind('@', end);
    if (at != std::string::npos && at > authority) text.replace(authority, at - authority, "…");
  }
  return is_text(value) ? '"' + text + '"' : text;
}

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t fewest = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t edits = distance(word, candidate);
    if (edits < fewest) {
      fewest = edits;
      best = candidate;
    }
  }
  return best;
}

}  // namespace maand
