// `maand status [--watch]`: how the bucket is doing.
#pragma once

#include "reconciler/cli/context.h"

namespace maand {

struct StatusOptions {
  bool watch = false;  // again and again, until interrupted or stdout is closed
};

// Exit status: status_view.h. Works with and without a daemon.
int run_status(const Context& context, const StatusOptions& options);

}  // namespace maand
