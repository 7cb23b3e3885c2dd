#include "reconciler/core/prometheus/scrape_json.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "reconciler/core/prometheus/yaml_scalar.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

void append_string(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const unsigned char byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || c == '<' || c == '>' || c == '&') {
      out += std::string("\\u00") + kHex[byte >> 4] + kHex[byte & 15];
    } else if (text.substr(i, 3) == "\xE2\x80\xA8" || text.substr(i, 3) == "\xE2\x80\xA9") {
      out += text[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += c;
    }
  }
  out += '"';
}

void append(const YamlValue& value, std::string& out) {
  switch (value.kind) {
    case YamlValue::Kind::kNull:
      out += "null";
      break;
    case YamlValue::Kind::kScalar:
      if (value.plain && is_yaml_bool(value.text)) {
        out += lower(value.text);
      } else if (value.plain && is_json_number(value.text)) {
        out += value.text;
      } else {
        append_string(value.text, out);
      }
      break;
    case YamlValue::Kind::kList:
      out += '[';
      for (const YamlValue& item : value.items) {
        if (&item != &value.items.front()) out += ',';
        append(item, out);
      }
      out += ']';
      break;
    case YamlValue::Kind::kMap: {
      std::vector<const YamlMember*> members;
      for (const YamlMember& member : value.members) members.push_back(&member);
      std::sort(members.begin(), members.end(),
                [](const YamlMember* a, const YamlMember* b) { return a->key.text < b->key.text; });
      out += '{';
      for (const YamlMember* member : members) {
        if (member != members.front()) out += ',';
        append_string(member->key.text, out);
        out += ':';
        append(member->value, out);
      }
      out += '}';
      break;
    }
  }
}

}  // namespace

std::string scrape_json(const YamlValue& value) {
  std::string out;
  append(value, out);
  return out;
}

}  // namespace maand
