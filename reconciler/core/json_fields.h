// Reads one JSON object whose keys are known, as Go's decoder would
// (workspace.md 0.6): keys in any case, the last of duplicates wins (objects
// merge), null leaves the default, a wrong type is an error.
#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/diagnostics.h"
#include "reconciler/core/json_document.h"

namespace maand {

enum class UnknownKeys {
  kWarn,    // the original ignores them, so published workspaces may have some
  kRefuse,  // ignoring one would apply something nobody meant
};

// Refers to `object`, which must outlive it.
class JsonFields {
 public:
  // Reports unknown keys, naming the nearest known one, and when `object` is none.
  JsonFields(const JsonValue& object, Site site, std::initializer_list<std::string_view> known,
             UnknownKeys unknown = UnknownKeys::kWarn);

  // nullptr: absent or null.
  const JsonValue* get(std::string_view name) const;
  Site at(std::string_view name) const { return site_.member(name); }

  // Each leaves `out` as it is when the field is absent, null or (with an error
  // added) of another type. True: `out` was set.
  bool read(std::string_view name, std::string& out) const;
  bool read(std::string_view name, std::int64_t& out) const;
  bool read(std::string_view name, bool& out) const;
  bool read(std::string_view name, std::vector<std::string>& out) const;

  // The object under `name`; nullptr when absent, null or no object (with an error).
  const JsonValue* object(std::string_view name) const;

 private:
  struct Field {
    std::string_view name;
    const JsonValue* value;
  };
  void take(std::string_view name, const JsonValue& value);

  Site site_;
  std::vector<std::string_view> known_;
  std::vector<Field> fields_;
  std::deque<JsonValue> merged_;  // of duplicates; a deque does not move what it holds
};

// Members of an object used as a map: keys as written, the last of duplicates
// wins, sorted by key.
std::vector<const JsonMember*> map_members(const JsonValue& object);

// Adds `must be …, not …`.
void wrong_type(const Site& site, JsonValue::Kind wanted, const JsonValue& value);

}  // namespace maand
