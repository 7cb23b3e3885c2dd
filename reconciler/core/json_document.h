// JSON text → a tree that keeps what our files need to know: the order and the
// duplicates of keys, and whether a number was written as a whole one.
//
// Total: any bytes give a tree or one diagnostic with line and column. Strict as
// Go's decoder (workspace.md 0.6): no byte order mark, no comment, no trailing
// comma, nothing after the value. Nesting is limited, so that no file can
// exhaust the stack of whoever walks or destroys the tree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/diagnostics.h"

namespace maand {

struct JsonMember;

struct JsonValue {
  enum class Kind { kNull, kBool, kInteger, kFraction, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  bool boolean = false;             // kBool
  std::int64_t integer = 0;         // kInteger: no point, no exponent, fits
  std::string text;                 // kString; kFraction: as it was written
  std::vector<JsonValue> items;     // kArray
  std::vector<JsonMember> members;  // kObject, in file order, duplicates kept

  bool is_null() const { return kind == Kind::kNull; }
  // null, "", [] or {}.
  bool is_empty() const;
};

struct JsonMember {
  std::string key;
  JsonValue value;
};

// `an object`, `text`, …: for messages.
const char* describe(JsonValue::Kind kind);

inline constexpr int kMaxJsonDepth = 64;

// nullopt: one error has been added to `diagnostics`.
std::optional<JsonValue> parse_json(std::string_view text, const std::string& path, Diagnostics& diagnostics);

}  // namespace maand
