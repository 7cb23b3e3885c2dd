// Every key of maand.conf: its name, what it accepts, and where it goes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "reconciler/app/config.h"
#include "reconciler/app/config_values.h"

namespace maand {

struct ConfigKey {
  const char* name;     // `ssh.port`
  const char* accepts;  // completes "write …"
  // False: the value is none of that.
  bool (*set)(Config&, const ConfigValue&);
  const char* alias_of = nullptr;  // a flat key of the original (workspace.md 0.3)
  // Set: the value is understood and asks for what is not built yet; returns what that is.
  const char* (*unbuilt)(const ConfigValue&) = nullptr;
};

std::span<const ConfigKey> config_keys();
std::span<const ConfigKey> notify_config_keys();  // a part of them
const ConfigKey* find_config_key(const std::string& name);

// `host:port` with a numeric loopback address or `localhost`.
bool is_loopback_listener(const std::string& listen);

}  // namespace maand
