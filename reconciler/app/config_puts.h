// How a value that was understood gets into its place; what the tables of keys share.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

#include "reconciler/app/config_values.h"

namespace maand {

inline constexpr const char* kText = "a text in quotes";
inline constexpr const char* kBool = "true or false, without quotes";
inline constexpr const char* kSecret = "the name of a file directly under secrets/";

// All of them: false, and nothing is put, where the value does not fit.

template <class Target, class Source>
bool put(Target& target, std::optional<Source> value) {
  if (!value) return false;
  target = static_cast<Target>(*std::move(value));
  return true;
}

// On one line.
bool put_text(std::string& target, const ConfigValue& value, bool may_be_empty = true);

template <class Enum>
bool put_word(Enum& target, const ConfigValue& value,
              std::initializer_list<std::pair<const char*, Enum>> words) {
  const auto text = as_text(value);
  for (const auto& [word, meaning] : words) {
    if (text != word) continue;
    target = meaning;
    return true;
  }
  return false;
}

// No path: a name directly below secrets/.
bool put_secret_name(std::string& target, const ConfigValue& value, bool may_be_empty);

}  // namespace maand
