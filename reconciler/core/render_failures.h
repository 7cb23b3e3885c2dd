// What did not work in rendering one job, over all its allocations, and how the job is held for it (R1.7).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/core/diagnostics.h"
#include "reconciler/core/holds.h"
#include "reconciler/core/rendering.h"

namespace maand {

struct RenderFailures {
  std::optional<Hold> broken;     // the first that waiting does not end
  std::set<std::string> missing;  // values, `namespace/key`
  std::string without;            // why a certificate is not there
};

// Every one of them waits for a value, and nothing else is wrong.
bool waits_only(const std::vector<RenderFailure>& found);

// A job that waits for values is told so only when nothing worse is wrong with it.
Hold hold_of(const RenderFailures& failures);

// Of a template at `path` in the workspace, for something that waiting does not end.
Diagnostic diagnostic_of(const std::string& path, const TemplateProblem& problem);

}  // namespace maand
