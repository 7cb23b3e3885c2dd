#include "reconciler/core/file_rules.h"

#include "reconciler/core/glob.h"
#include "reconciler/core/names.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr int kSecretMask = 0750;  // what is left of 0644 and 0755 for a secret

std::optional<int> parse_permissions(const JsonFields& fields) {
  std::string text;
  if (!fields.get("mode") || !fields.read("mode", text)) return std::nullopt;
  int value = 0;
  bool octal = !text.empty() && text.size() <= 4;
  for (const char c : text) {
    octal = octal && c >= '0' && c <= '7';
    value = value * 8 + (c - '0');
  }
  if (!octal || value < 1 || value > 0777) {
    fields.at("mode").error(quote(text) + " is no mode", "write permissions in octal, for example \"0640\"");
    return std::nullopt;
  }
  if ((value & 0400) == 0) {
    fields.at("mode").error(quote(text) + " lets not even its owner read the file",
                            "add read permission for the owner, for example \"0400\"");
    return std::nullopt;
  }
  return value;
}

void parse_account(const JsonFields& fields, std::string_view name, std::string& out) {
  if (!fields.get(name) || !fields.read(name, out)) return;
  if (is_user(out)) return;
  fields.at(name).error(quote(out) + " is no name of a user or group",
                        "write a name or a number that the worker knows");
  out.clear();
}

}  // namespace

std::vector<FileRule> parse_file_rules(const JsonValue& object, const Site& site) {
  std::vector<FileRule> rules;
  for (const JsonMember& member : object.members) {
    const Site place = site.member(member.key);
    if (!is_valid_glob(member.key)) {
      place.error(quote(member.key) + " is no pattern",
                  "use `*`, `?`, `[a-z]` and `**`, and close every `[`");
    }
    if (member.value.is_null()) continue;
    if (member.value.kind != JsonValue::Kind::kObject) {
      wrong_type(place, JsonValue::Kind::kObject, member.value);
      continue;
    }
    const JsonFields fields(member.value, place, {"mode", "owner", "group"});
    FileRule rule;
    rule.pattern = member.key;
    rule.permissions = parse_permissions(fields);
    parse_account(fields, "owner", rule.owner);
    parse_account(fields, "group", rule.group);
    rules.push_back(std::move(rule));
  }
  return rules;
}

void apply_file_rules(const std::vector<FileRule>& rules, bool rendered, bool secret, ShippedFile& file) {
  if (file.mode == FileMode::kSymlink) return;
  const std::string source = rendered ? file.path + ".tpl" : std::string();
  std::optional<int> permissions;
  for (const FileRule& rule : rules) {
    if (!glob_matches(rule.pattern, file.path) && !(rendered && glob_matches(rule.pattern, source))) continue;
    if (rule.permissions) permissions = rule.permissions;
    if (!rule.owner.empty()) file.attributes.owner = rule.owner;
    if (!rule.group.empty()) file.attributes.group = rule.group;
  }
  if (!permissions && secret) permissions = kSecretMask & (file.mode == FileMode::kExecutable ? 0755 : 0644);
  if (!permissions) return;
  file.mode = (*permissions & 0111) != 0 ? FileMode::kExecutable : FileMode::kRegular;
  const int usual = file.mode == FileMode::kExecutable ? 0755 : 0644;
  file.attributes.permissions = *permissions == usual ? 0 : *permissions;
}

}  // namespace maand
