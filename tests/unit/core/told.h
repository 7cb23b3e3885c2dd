// Diagnostics as lines a test can state: `error resources.cpu: must be …`.
#pragma once

#include <string>
#include <vector>

#include "reconciler/core/diagnostics.h"

namespace maand::testing {

// Severity, field (when there is one) and message.
inline std::vector<std::string> told(const Diagnostics& diagnostics) {
  std::vector<std::string> out;
  for (const Diagnostic& one : diagnostics.all()) {
    out.push_back(std::string(one.severity == Severity::kError ? "error " : "warning ") +
                  (one.field.empty() ? "" : one.field + ": ") + one.message);
  }
  return out;
}

// The same, with the path in front.
inline std::vector<std::string> told_with_path(const Diagnostics& diagnostics) {
  std::vector<std::string> out = told(diagnostics);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = diagnostics.all()[i].path + " " + out[i];
  return out;
}

}  // namespace maand::testing
