// TOML text → the keys it gives, in order, with their lines. Knows no key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/app/config_values.h"
#include "reconciler/core/diagnostics.h"

namespace maand {

struct GivenKey {
  std::string name;   // `ssh.port`; a key of the top level has no dot
  std::string where;  // `maand.conf:12`, or `environment`
  std::string field;  // as the person wrote it: `ssh.port`, or `MAAND__SSH__PORT`
  ConfigValue value;
};

// Text that is no TOML gives one diagnostic with line and column, and no keys.
std::vector<GivenKey> read_toml(std::string_view text, const std::string& file, Diagnostics& diagnostics);

}  // namespace maand
