// YAML text → a tree that keeps what we need to know of its scalars: how they were
// written, and where.
//
// Total: any bytes give a tree or one diagnostic with line and column. Aliases and
// merge keys (`<<`) are resolved; depth, number of nodes, aliases and size are
// limited, so that no file can exhaust memory or the stack of whoever walks it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/diagnostics.h"

namespace maand {

struct YamlMember;

struct YamlValue {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  std::string text;              // kScalar: with quotes, folds and escapes undone
  bool plain = false;            // kScalar: written without quotes, block indicator and tag
  std::string tag;               // one the author wrote that is not !!str; else empty
  std::size_t offset = 0;        // in bytes from the start of the file; of an alias, where the alias stands
  int line = 1;                  // from 1
  std::vector<YamlValue> items;  // kList
  std::vector<YamlMember> members;  // kMap, in file order; keys are scalars, unique

  // The value of `key`; null when this is no map or has no such key.
  const YamlValue* find(std::string_view key) const;
};

struct YamlMember {
  YamlValue key;
  YamlValue value;
};

// Equal in meaning: as above without `offset` and `line`, and without `plain`
// where it changes nothing.
bool same_yaml(const YamlValue& a, const YamlValue& b);

// `a list`, `text`, …: for messages.
const char* describe(YamlValue::Kind kind);

inline constexpr std::size_t kMaxYamlBytes = 1u << 20;
inline constexpr std::size_t kMaxYamlKeyBytes = 512;
inline constexpr int kMaxYamlDepth = 64;
inline constexpr int kMaxYamlAliases = 64;
inline constexpr std::size_t kMaxYamlNodes = 100'000;        // aliases count with all they stand for
inline constexpr std::size_t kMaxYamlAliasBytes = 4u << 20;  // of text that aliases stand for

// One document; an empty file is null. nullopt: one error was told to `site`.
std::optional<YamlValue> parse_yaml(std::string_view text, const Site& site);

}  // namespace maand
