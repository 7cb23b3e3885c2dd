// `resources`: memory, cpu and ports (workspace.md 2.3, 4.2).
#include <algorithm>
#include <map>

#include "reconciler/core/manifest.h"
#include "reconciler/core/names.h"
#include "reconciler/core/quantity.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

using Parse = std::optional<double> (*)(std::string_view);

// nullopt: an error has been told, so that no second one need follow from it.
std::optional<double> parse_amount(const JsonFields& fields, std::string_view name, Parse parse,
                                   const char* grammar) {
  std::string text;
  if (fields.get(name) && !fields.read(name, text)) return std::nullopt;
  const std::optional<double> amount = parse(text);
  if (!amount) {
    fields.at(name).error(quote(text) + " is no amount", grammar);
  } else if (*amount < 0) {
    fields.at(name).error(quote(text) + " is negative", grammar);
    return std::nullopt;
  }
  return amount;
}

Bounds parse_bounds(const JsonValue& object, const Site& site, Parse parse, const char* grammar) {
  const JsonFields fields(object, site, {"min", "max"});
  const std::optional<double> min = parse_amount(fields, "min", parse, grammar);
  const std::optional<double> max = parse_amount(fields, "max", parse, grammar);
  if (!min || !max) return {};
  Bounds bounds{*min, *max};
  if (bounds.min != 0 && bounds.max == 0) bounds.max = bounds.min;
  if (bounds.min > bounds.max) {
    site.error("min (" + format_quantity(bounds.min) + ") is above max (" + format_quantity(bounds.max) + ")",
               "raise max, or lower min");
  }
  return bounds;
}

PortBinding parse_port(const JsonMember& member, const Site& site) {
  PortBinding port;
  port.name = member.key;
  if (!is_port_name(member.key)) {
    site.error(quote(member.key) + " is no name of a port",
               "start with a lower-case letter and go on with lower-case letters, digits and `_`");
  }
  const JsonValue& value = member.value;
  if (value.kind == JsonValue::Kind::kObject && value.members.empty()) return port;
  if (value.kind != JsonValue::Kind::kInteger) {
    site.error("must be {} or a whole number",
               "write {} for a port of the pool, or a number from 1 to 65535");
  } else if (value.integer < 1 || value.integer > 65535) {
    site.error(std::to_string(value.integer) + " is no port", "write a number from 1 to 65535");
  } else {
    port.fixed = static_cast<int>(value.integer);
  }
  return port;
}

std::vector<PortBinding> parse_ports(const JsonValue& object, const Site& site) {
  std::vector<PortBinding> ports;
  std::map<int, std::string> taken;
  for (const JsonMember* member : map_members(object)) {
    const Site place = site.member(member->key);
    ports.push_back(parse_port(*member, place));
    if (!ports.back().fixed) continue;
    const auto [first, fresh] = taken.emplace(*ports.back().fixed, member->key);
    if (!fresh) {
      place.error(std::to_string(first->first) + " is also the port " + quote(first->second),
                  "give each port a number of its own");
    }
  }
  return ports;
}

}  // namespace

Resources parse_resources(const JsonValue& object, const Site& site) {
  Resources out;
  const JsonFields fields(object, site, {"memory", "cpu", "ports"});
  if (const JsonValue* cpu = fields.object("cpu")) {
    out.cpu_mhz = parse_bounds(*cpu, fields.at("cpu"), parse_cpu_mhz, kCpuGrammar);
  }
  if (const JsonValue* memory = fields.object("memory")) {
    out.memory_mb = parse_bounds(*memory, fields.at("memory"), parse_memory_mb, kMemoryGrammar);
  }
  if (const JsonValue* ports = fields.object("ports")) out.ports = parse_ports(*ports, fields.at("ports"));
  return out;
}

}  // namespace maand
