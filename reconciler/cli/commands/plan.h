// `maand plan`: what would change and why, touching nothing.
#pragma once

#include <string>
#include <vector>

#include "reconciler/cli/context.h"

namespace maand {

struct PlanOptions {
  std::string commit;             // --commit REV
  std::string workspace;          // --workspace DIR
  std::vector<std::string> jobs;  // --jobs a,b; empty = all
  bool verbose = false;           // -v: also warnings, diffs of the files, ports and reservations
};

// kExitDone: nothing would change; kExitChangesPending; kExitHeld: refused or held.
int run_plan(const Context& context, const PlanOptions& options);

}  // namespace maand
