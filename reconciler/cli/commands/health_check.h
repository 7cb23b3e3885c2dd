// `maand health_check`: asks the jobs that run for their health, now.
#pragma once

#include <string>
#include <vector>

#include "reconciler/cli/context.h"

namespace maand {

struct HealthCheckOptions {
  std::vector<std::string> jobs;  // --jobs a,b; empty = all
  bool wait = false;              // --wait: as often as the manifests say
  bool verbose = false;           // --verbose: also what is healthy
};

// Beside a daemon or without one; writes nothing. kExitDone: no job failed;
// kExitFailed: at least one did.
int run_health_check(const Context& context, const HealthCheckOptions& options);

}  // namespace maand
