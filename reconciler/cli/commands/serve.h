// `maand serve`: the daemon.
#pragma once

#include "reconciler/cli/context.h"

namespace maand {

struct ServeOptions {};

// Runs until SIGTERM or SIGINT. Returns an ExitStatus.
int run_serve(const Context& context, const ServeOptions& options);

}  // namespace maand
