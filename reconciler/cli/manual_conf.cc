// maand.conf(5).
#include <optional>

#include "reconciler/app/config_keys.h"
#include "reconciler/cli/json_in.h"
#include "reconciler/cli/manual_page.h"
#include "reconciler/cli/schemas.h"

namespace maand {
namespace {

// As it is written in TOML; empty: there is no default.
std::string default_of(const JsonValue& entry) {
  const JsonValue* value = member_of(entry, "default");
  if (!value) return "";
  switch (value->kind) {
    case JsonValue::Kind::kString:
      return "\"" + value->text + "\"";
    case JsonValue::Kind::kInteger:
      return std::to_string(value->integer);
    case JsonValue::Kind::kBool:
      return value->boolean ? "true" : "false";
    case JsonValue::Kind::kArray:
      return "[]";
    default:
      return "";
  }
}

std::string key_item(const std::string& name, const JsonValue& entry) {
  const ConfigKey* key = find_config_key(name);
  std::string text = text_at(entry, "description");
  if (!text.empty() && text.back() != '.') text += '.';
  if (key) text += std::string(" Write ") + key->accepts + ".";
  const std::string otherwise = default_of(entry);
  if (!otherwise.empty()) text += " Default: " + otherwise + ".";
  return ".It Cm " + mdoc_word(name.substr(name.find('.') + 1)) + "\n" + mdoc_text(text);
}

}  // namespace

std::string manual_of_configuration(const std::string& version) {
  std::string out = ".\\\" maand " + version + "\n.Dd November 27, 2026\n.Dt MAAND.CONF 5\n.Os\n";
  out += ".Sh NAME\n.Nm maand.conf\n.Nd configuration of a maand bucket\n.Sh DESCRIPTION\n";
  out += mdoc_text(
      "A bucket is a directory with a file maand.conf, which is TOML. Every key can be given by environment "
      "as "
      "well, as MAAND__SECTION__KEY, which wins over the file. A key that is not listed here is an error "
      "that "
      "names the nearest one.");
  out += ".Pp\n" +
         mdoc_text("The daemon reads the file again when it gets SIGHUP. A bad file keeps the old settings.");
  const std::optional<JsonValue> schema = read_json(kConfSchema);
  const JsonValue* keys = schema ? member_of(*schema, "properties") : nullptr;
  if (!keys) return out;
  std::string top;
  std::string sections;
  for (const JsonMember& one : keys->members) {
    const JsonValue* inner = member_of(one.value, "properties");
    if (!inner) {
      top += key_item(one.key, one.value);
      continue;
    }
    sections += ".Ss \\&[" + one.key + "]\n" + mdoc_text(text_at(one.value, "description") + ".");
    sections += ".Bl -tag -width Ds\n";
    for (const JsonMember& key : inner->members) sections += key_item(one.key + "." + key.key, key.value);
    sections += ".El\n";
  }
  out += ".Ss Keys of no section\n.Bl -tag -width Ds\n" + top + ".El\n" + sections;
  out += ".Sh FILES\n.Bl -tag -width Ds\n.It Pa maand.conf\nIn the directory of the bucket.\n.El\n";
  out +=
      ".Sh EXAMPLES\n.Bd -literal -offset indent\nname = \\(dqprod\\(dq\n\n[git]\nurl = "
      "\\(dqgit@example.com:ops/fleet.git\\(dq\n\n[ssh]\nuser = \\(dqagent\\(dq\n.Ed\n";
  return out + ".Sh SEE ALSO\n.Xr maand 1\n";
}

}  // namespace maand
