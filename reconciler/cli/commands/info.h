// `maand info`: what this bucket is.
#pragma once

#include "reconciler/cli/context.h"

namespace maand {

struct InfoOptions {};

// Of the daemon, or of what was recorded last; asks no remote and no worker.
int run_info(const Context& context, const InfoOptions& options);

}  // namespace maand
