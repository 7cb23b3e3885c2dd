// What `maand secrets edit` shows in an editor, and what becomes of it: flat TOML, a secret a
// line, or over several lines where the value has them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/diagnostics.h"

namespace maand {

struct SecretSheet {
  std::map<std::string, std::string> values;
  std::vector<std::string> hidden;  // keys whose values are not shown: they cannot be opened, or are no text
};

// `about`: comment lines for the top, without `#`.
std::string sheet_text(const std::vector<std::string>& about, const SecretSheet& sheet);

// `name` of the sheet in messages. nullopt: an error has been told.
std::optional<std::map<std::string, std::string>> parse_sheet(std::string_view text, const std::string& name,
                                                              Diagnostics& diagnostics);

struct SheetChanges {
  std::map<std::string, std::string> set;  // new ones, and those with another value
  std::vector<std::string> removed;
  bool none() const { return set.empty() && removed.empty(); }
};
// A hidden one that is not written down stays as it is.
SheetChanges changes_of(const SecretSheet& before, const std::map<std::string, std::string>& after);

// Whether a sheet can show it, and gives it back as it was.
bool is_sheet_text(std::string_view value);

}  // namespace maand
