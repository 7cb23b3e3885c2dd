#include "reconciler/core/version.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "reconciler/core/text.h"

namespace maand {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_prerelease_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-';
}

// Takes a number off the front. False: no digit there, or too large.
bool take_number(std::string_view& text, std::uint64_t& out) {
  if (text.empty() || !is_digit(text[0])) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return error == std::errc{};
}

}  // namespace

std::strong_ordering operator<=>(const Version& a, const Version& b) {
  const auto numbers = std::tie(a.major, a.minor, a.patch) <=> std::tie(b.major, b.minor, b.patch);
  if (numbers != 0) return numbers;
  if (a.prerelease.empty() != b.prerelease.empty()) {
    return a.prerelease.empty() ? std::strong_ordering::greater : std::strong_ordering::less;
  }
  return a.prerelease.compare(b.prerelease) <=> 0;
}

std::optional<Version> parse_version(std::string_view text) {
  text = trim(text);
  if (text.starts_with('v') || text.starts_with('V')) text.remove_prefix(1);
  Version version;
  std::uint64_t* const parts[] = {&version.major, &version.minor, &version.patch};
  for (std::size_t i = 0; i < 3; ++i) {
    if (i > 0) {
      if (!text.starts_with('.')) break;
      text.remove_prefix(1);
    }
    if (!take_number(text, *parts[i])) return std::nullopt;
  }
  if (text.empty()) return version;
  if (!text.starts_with('-')) return std::nullopt;
  text.remove_prefix(1);
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_prerelease_char)) return std::nullopt;
  version.prerelease = std::string(text);
  return version;
}

std::string to_string(const Version& version) {
  std::string out = std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
                    std::to_string(version.patch);
  if (!version.prerelease.empty()) out += "-" + version.prerelease;
  return out;
}

}  // namespace maand
