#include "reconciler/core/secret_sheet.h"

#include <algorithm>

#include "reconciler/core/bucket_conf.h"
#include "reconciler/core/git_secrets.h"
#include "reconciler/core/quoted_text.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

bool is_control(char c) { return (c >= 0 && c < ' ') || c == 0x7F; }

// A key file or a piece of JSON stays as it is read best: between ''' and without escapes.
std::string toml_value(std::string_view value) {
  const bool lines = value.find('\n') != std::string_view::npos;
  const bool plain = std::none_of(value.begin(), value.end(),
                                  [](char c) { return is_control(c) && c != '\n' && c != '\t'; });
  if (!lines || !plain || value.find("'''") != std::string_view::npos || value.ends_with('\''))
    return toml_quoted(value);
  return "'''\n" + std::string(value) + "'''";
}

}  // namespace

bool is_sheet_text(std::string_view value) {
  return is_utf8(value) && value.find('\0') == std::string_view::npos;
}

std::string sheet_text(const std::vector<std::string>& about, const SecretSheet& sheet) {
  std::string out;
  for (const std::string& line : about) out += "# " + line + "\n";
  for (const auto& [key, value] : sheet.values)
    out += "\n" + (key.find('.') == std::string::npos ? key : "\"" + key + "\"") + " = " + toml_value(value) +
           "\n";
  for (const std::string& key : sheet.hidden)
    out += "\n# " + key + ": not shown; it stays as it is unless you write it down here\n";
  return out;
}

std::optional<std::map<std::string, std::string>> parse_sheet(std::string_view text, const std::string& name,
                                                              Diagnostics& diagnostics) {
  Diagnostics found;
  std::map<std::string, std::string> values = parse_text_map(text, name, found);
  const Site site(found, name);
  for (const auto& [key, value] : values) {
    const Site member = site.member(printable(key));
    if (!is_secret_key(key))
      member.error("is no name of a secret", "use letters, digits, `_`, `-` and `.`, at most 128");
    if (value.empty()) member.error("is empty", "write its value, or take the line out to remove it");
    if (value.size() > kMaxGitSecretBytes)
      member.error("has more than " + std::to_string(kMaxGitSecretBytes) + " bytes",
                   "fetch large content from the Makefile");
  }
  diagnostics.append(found);
  if (found.has_errors()) return std::nullopt;
  return values;
}

SheetChanges changes_of(const SecretSheet& before, const std::map<std::string, std::string>& after) {
  SheetChanges out;
  for (const auto& [key, value] : after) {
    const auto known = before.values.find(key);
    if (known == before.values.end() || known->second != value) out.set.emplace(key, value);
  }
  for (const auto& [key, value] : before.values) {
    if (after.count(key) == 0) out.removed.push_back(key);
  }
  return out;
}

}  // namespace maand
