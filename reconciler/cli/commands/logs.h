// `maand logs JOB@WORKER [-f]`: what the allocation's targets printed.
#pragma once

#include <string>

#include "reconciler/cli/context.h"

namespace maand {

struct LogsOptions {
  std::string allocation;
  bool follow = false;  // until interrupted or stdout is closed
};

// From the files that the daemon keeps; contacts no worker.
int run_logs(const Context& context, const LogsOptions& options);

}  // namespace maand
