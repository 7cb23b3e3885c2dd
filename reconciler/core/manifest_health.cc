// `health_check`: what is probed, and how patiently (workspace.md 2.6).
#include <algorithm>

#include "reconciler/core/manifest.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::int64_t kMaxSeconds = 86400;
constexpr std::int64_t kMaxAttempts = 1'000'000;

// `otherwise` for zero and below, as the original reads them.
std::int64_t positive(const JsonFields& fields, std::string_view name, std::int64_t otherwise,
                      std::int64_t most) {
  std::int64_t value = otherwise;
  fields.read(name, value);
  if (value <= 0) return otherwise;
  if (value > most) {
    fields.at(name).error(std::to_string(value) + " is too large", "write at most " + std::to_string(most));
    return otherwise;
  }
  return value;
}

void parse_tcp(const JsonFields& fields, const Resources& resources, HealthSpec& out) {
  std::string name;
  fields.read("port", name);
  name = std::string(trim(name));
  const auto port = std::find_if(resources.ports.begin(), resources.ports.end(),
                                 [&](const PortBinding& binding) { return binding.name == name; });
  if (name.empty()) {
    fields.at("port").error("is missing", "name a port of `resources.ports`");
  } else if (port == resources.ports.end()) {
    fields.at("port").error(quote(name) + " is no port of `resources.ports`",
                            "declare it there, or correct the name");
  } else if (!port->fixed) {
    fields.at("port").error("probes of a port from the pool are not built yet",
                            "give " + quote(name) + " a fixed number in `resources.ports`");
  } else {
    out.checks.push_back({HealthCheck::Type::kTcp, *port->fixed});
  }
}

void parse_check(const JsonValue& check, const Resources& resources, const Site& site, HealthSpec& out) {
  if (check.kind != JsonValue::Kind::kObject) {
    wrong_type(site, JsonValue::Kind::kObject, check);
    return;
  }
  const JsonFields fields(check, site, {"type", "port", "command", "path", "expect_status", "scheme"});
  std::string type;
  if (fields.get("type") && !fields.read("type", type)) return;
  type = lower(trim(type));
  if (type == "tcp") {
    parse_tcp(fields, resources, out);
  } else if (type == "http" || type == "ssh") {
    fields.at("type").error("probes of type " + type + " are not built yet",
                            "use a tcp check, or remove it until this version of maand knows it");
  } else {
    fields.at("type").error(quote(type) + " is no type of probe", "write tcp");
  }
}

}  // namespace

HealthSpec parse_health(const JsonValue& object, const Resources& resources, const Site& site) {
  HealthSpec out;
  const JsonFields fields(object, site, {"checks", "timeout_seconds", "wait"});
  const JsonValue* checks = fields.get("checks");
  if (!checks) return out;
  if (checks->kind != JsonValue::Kind::kArray) {
    wrong_type(fields.at("checks"), JsonValue::Kind::kArray, *checks);
    return out;
  }
  if (checks->items.empty()) return out;  // then the whole block is ignored
  for (std::size_t i = 0; i < checks->items.size(); ++i) {
    parse_check(checks->items[i], resources, fields.at("checks").item(i), out);
  }
  out.timeout = Seconds(positive(fields, "timeout_seconds", 5, kMaxSeconds));
  if (const JsonValue* wait = fields.object("wait")) {
    const JsonFields waits(*wait, fields.at("wait"), {"attempts", "interval_seconds"});
    out.attempts = static_cast<int>(positive(waits, "attempts", 30, kMaxAttempts));
    out.interval = Seconds(positive(waits, "interval_seconds", 1, kMaxSeconds));
  }
  return out;
}

}  // namespace maand
