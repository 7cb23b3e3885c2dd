// `maand collect facts` (alias `maand worker_facts`): CPU and memory of workers as they are
// (workspace.md 11.3), and with --generate-workers in workers.json of the checkout.
#pragma once

#include <string>
#include <vector>

#include "reconciler/cli/context.h"

namespace maand {

struct CollectFactsOptions {
  std::vector<std::string> workers;  // --workers a,b
  std::vector<std::string> labels;   // --labels a,b
  bool generate_workers = false;     // write workers.json of the workspace above the current directory
};

// Beside a daemon or without one. With `generate_workers` the workers are those of that file, and it is
// written only when every one of them answered. kExitFailed: one did not.
int run_collect_facts(const Context& context, const CollectFactsOptions& options);

}  // namespace maand
