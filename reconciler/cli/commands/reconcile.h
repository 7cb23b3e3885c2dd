// `maand reconcile [--wait]`: pokes the daemon; without one, runs one pass of the head.
#pragma once

#include "reconciler/cli/context.h"

namespace maand {

struct ReconcileOptions {
  bool wait = false;
};

int run_reconcile(const Context& context, const ReconcileOptions& options);

}  // namespace maand
