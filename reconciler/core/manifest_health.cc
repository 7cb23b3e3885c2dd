// `health_check`: what is probed, and how patiently (workspace.md 2.6).
#include <algorithm>
#include <optional>
#include <utility>

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

// As Go's decoder reads them, whatever the type of the check: a field of a wrong
// type is an error also where the check does not use it.
struct RawCheck {
  std::string type, port, command, path, scheme, via;
  std::int64_t expect_status = 0;
};

RawCheck read_raw(const JsonFields& fields) {
  RawCheck raw;
  fields.read("type", raw.type);
  fields.read("port", raw.port);
  fields.read("command", raw.command);
  fields.read("path", raw.path);
  fields.read("scheme", raw.scheme);
  fields.read("via", raw.via);
  fields.read("expect_status", raw.expect_status);
  for (std::string* word : {&raw.type, &raw.scheme, &raw.via}) *word = lower(trim(*word));
  raw.port = std::string(trim(raw.port));
  return raw;
}

// Every problem of a check is told, so that none of these ends the others.
class CheckParser {
 public:
  CheckParser(const JsonFields& fields, const Resources& resources)
      : fields_(fields), resources_(resources), raw_(read_raw(fields)) {}

  // nullopt: it is not usable, and an error was added.
  std::optional<HealthCheck> parse() {
    if (raw_.type == "tcp") {
      check_.type = HealthCheck::Type::kTcp;
      port();
      via();
    } else if (raw_.type == "http") {
      check_.type = HealthCheck::Type::kHttp;
      port();
      via();
      scheme();
      path();
      status();
    } else if (raw_.type == "ssh") {
      check_.type = HealthCheck::Type::kSsh;
      check_.via = HealthCheck::Via::kSsh;
      command();
    } else {
      // A type that is no text was told as such.
      const JsonValue* type = fields_.get("type");
      if (!type || type->kind == JsonValue::Kind::kString) {
        error("type", quote(raw_.type) + " is no type of probe", "write tcp, http or ssh");
      }
      sound_ = false;
    }
    if (!sound_) return std::nullopt;
    return check_;
  }

 private:
  void error(std::string_view field, const std::string& message, const std::string& cure) {
    fields_.at(field).error(message, cure);
    sound_ = false;
  }

  void port() {
    const auto binding = std::find_if(resources_.ports.begin(), resources_.ports.end(),
                                      [&](const PortBinding& one) { return one.name == raw_.port; });
    if (raw_.port.empty()) {
      error("port", "is missing", "name a port of `resources.ports`");
    } else if (binding == resources_.ports.end()) {
      error("port", quote(raw_.port) + " is no port of `resources.ports`",
            "declare it there, or correct the name");
    } else {
      check_.port_name = raw_.port;
      check_.port = binding->fixed.value_or(0);
    }
  }

  void via() {
    if (raw_.via == "ssh") {
      check_.via = HealthCheck::Via::kSsh;
    } else if (!raw_.via.empty() && raw_.via != "controller") {
      error("via", quote(raw_.via) + " is no way to the port",
            "write controller, or ssh for a port that only the worker itself can reach");
    }
  }

  void scheme() {
    if (raw_.scheme == "https") {
      check_.scheme = HealthCheck::Scheme::kHttps;
    } else if (!raw_.scheme.empty() && raw_.scheme != "http") {
      error("scheme", quote(raw_.scheme) + " is no scheme of an http probe", "write http or https");
    }
  }

  void path() {
    if (raw_.path.empty()) return;
    const bool controls = std::any_of(raw_.path.begin(), raw_.path.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    if (raw_.path[0] != '/') {
      error("path", quote(raw_.path) + " does not start with `/`", "write it as in /healthz");
    } else if (controls) {
      error("path", quote(raw_.path) + " holds control characters", "write them as %0A, or remove them");
    }
    check_.path = raw_.path;
  }

  void status() {
    if (raw_.expect_status == 0) return;  // as the original reads it: 200
    if (raw_.expect_status < 100 || raw_.expect_status > 599) {
      error("expect_status", std::to_string(raw_.expect_status) + " is no HTTP status",
            "write a number from 100 to 599");
    } else {
      check_.expect_status = static_cast<int>(raw_.expect_status);
    }
  }

  void command() {
    if (trim(raw_.command).empty()) {
      error("command", "is missing", "write the command that exits with 0 when the job is healthy");
    } else if (raw_.command.find('\0') != std::string::npos) {
      error("command", "holds a NUL byte", "remove it; no shell can read it");
    }
    if (!raw_.via.empty() && raw_.via != "ssh") {
      error("via", quote(raw_.via) + " does not go with an ssh probe, which runs on the worker",
            "remove it, or write ssh");
    }
    check_.command = raw_.command;
  }

  const JsonFields& fields_;
  const Resources& resources_;
  const RawCheck raw_;
  HealthCheck check_;
  bool sound_ = true;
};

void parse_check(const JsonValue& check, const Resources& resources, const Site& site, HealthSpec& out) {
  if (check.kind != JsonValue::Kind::kObject) {
    wrong_type(site, JsonValue::Kind::kObject, check);
    return;
  }
  const JsonFields fields(check, site, {"type", "port", "command", "path", "expect_status", "scheme", "via"});
  if (std::optional<HealthCheck> parsed = CheckParser(fields, resources).parse()) {
    out.checks.push_back(std::move(*parsed));
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
