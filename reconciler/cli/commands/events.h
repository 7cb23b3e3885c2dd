// `maand events [-f]`: what happens in the daemon, as it happens.
#pragma once

#include "reconciler/cli/context.h"

namespace maand {

struct EventsOptions {
  bool follow = false;  // until interrupted or stdout is closed; also over restarts of the daemon
};

// The newest events that the daemon has in memory; it forgets them when it ends.
int run_events(const Context& context, const EventsOptions& options);

}  // namespace maand
