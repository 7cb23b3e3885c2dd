// Commands of jobs asked for by hand: by the daemon, or by this process while none runs.
#pragma once

#include "reconciler/cli/bucket.h"
#include "reconciler/core/control.h"

namespace maand {

// Shows what they print, each line behind its worker, and how they ended. kExitDone, or throws CommandError;
// with
// --json a failure is told by the document and the status alone.
int run_hook_request(const Context& context, const Bucket& bucket, const HookOrderRequest& request);

}  // namespace maand
