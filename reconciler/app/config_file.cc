#include "reconciler/app/config_file.h"

#include <toml++/toml.h>

#include <algorithm>
#include <sstream>
#include <utility>

namespace maand {
namespace {

ConfigValue value_of(const toml::node& node) {
  ConfigValue value;
  std::ostringstream written;
  if (const auto* text = node.as_string()) {
    value.kind = ConfigValue::Kind::kText;
    value.text = text->get();
    return value;
  }
  if (const auto* number = node.as_integer()) {
    value.kind = ConfigValue::Kind::kInteger;
    value.integer = number->get();
    written << number->get();
  } else if (const auto* flag = node.as_boolean()) {
    value.kind = ConfigValue::Kind::kBool;
    value.boolean = flag->get();
    written << (flag->get() ? "true" : "false");
  } else if (const auto* real = node.as_floating_point()) {
    written << real->get();
  } else if (const auto* list = node.as_array()) {
    value.kind = ConfigValue::Kind::kTextList;
    for (const toml::node& item : *list) {
      if (const auto* text = item.as_string()) {
        value.list.push_back(text->get());
      } else {
        value.kind = ConfigValue::Kind::kOther;
      }
    }
    written << "a list of " << list->size();
  } else if (node.is_table()) {
    written << "a table";
  } else {
    written << "a date or time";
  }
  value.text = written.str();
  return value;
}

void collect(const toml::table& table, const std::string& prefix, const std::string& file,
             std::vector<GivenKey>& out) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    // Sections are one level deep; a table inside one is a value of the wrong type.
    if (const auto* section = node.as_table(); section && prefix.empty()) {
      collect(*section, name + ".", file, out);
      continue;
    }
    out.push_back({name, file + ":" + std::to_string(node.source().begin.line), name, value_of(node)});
  }
}

}  // namespace

std::vector<GivenKey> read_toml(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  std::vector<GivenKey> out;
  try {
    collect(toml::parse(text), "", file, out);
  } catch (const toml::parse_error& error) {
    const auto at = error.source().begin;
    diagnostics.error(
        file + ":" + std::to_string(at.line), "",
        "is no TOML: " + std::string(error.description()) + " (column " + std::to_string(at.column) + ")",
        "correct that line; nothing else of the file was read");
  }
  // Tables come sorted by name; people read from the top.
  const auto line_of = [](const GivenKey& key) {
    return std::pair(key.where.size(), key.where);  // shorter number first
  };
  std::stable_sort(out.begin(), out.end(),
                   [&](const GivenKey& a, const GivenKey& b) { return line_of(a) < line_of(b); });
  return out;
}

}  // namespace maand
