#include "reconciler/core/toml_limits.h"

#include <algorithm>
#include <string>

namespace maand {
namespace {

constexpr std::ptrdiff_t kMaxNestingCharacters = 10'000;

}  // namespace

bool is_shallow_toml(std::string_view text, const Site& site) {
  const auto nesting =
      std::count_if(text.begin(), text.end(), [](char c) { return c == '.' || c == '[' || c == '{'; });
  if (nesting <= kMaxNestingCharacters) return true;
  site.error(
      "holds more than " + std::to_string(kMaxNestingCharacters) + " of the characters `.`, `[` and `{`",
      "move long values into files of the jobs");
  return false;
}

}  // namespace maand
