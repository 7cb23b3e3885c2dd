// One value of maand.conf, whether it came from TOML or from the environment,
// and how it is understood.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/failure_budget.h"

namespace maand {

struct ConfigValue {
  // kWord: text of an environment variable, which may stand for any type.
  enum class Kind { kText, kWord, kInteger, kBool, kTextList, kOther };
  Kind kind = Kind::kOther;
  std::string text;  // kText, kWord: the value; the others: how it was written
  std::int64_t integer = 0;
  bool boolean = false;
  std::vector<std::string> list;
};

// nullopt: not of that type or not in the range.
std::optional<std::string> as_text(const ConfigValue& value);  // trimmed
std::optional<std::int64_t> as_integer(const ConfigValue& value, std::int64_t least, std::int64_t most);
std::optional<bool> as_bool(const ConfigValue& value);
std::optional<std::vector<std::string>> as_list(const ConfigValue& value);  // a word is split at commas
// `250ms`, `15s`, `10m`, `1h`, `2d`, `1h30m`; greater than zero, at most a year.
std::optional<std::chrono::milliseconds> as_duration(const ConfigValue& value);
// A number of bytes, or `64KiB`, `256MiB`, `1GiB`; greater than zero.
std::optional<std::uint64_t> as_bytes(const ConfigValue& value);
// `50%` → 0.5; 0 to 100.
std::optional<double> as_share(const ConfigValue& value);

// `10%` → a share, 3 → a number.
std::optional<Allowance> as_allowance(const ConfigValue& value);

// The value as a person wrote it, for messages; user and password of a URL left out.
std::string shown(const ConfigValue& value);

std::string trimmed(std::string_view text);

// The candidate that takes the fewest edits from `word`; empty when none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace maand
