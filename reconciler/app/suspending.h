// What is suspended (R5.5), kept in the store so that it outlives the daemon.
#pragma once

#include "reconciler/core/ports.h"
#include "reconciler/core/suspension.h"

namespace maand {

// As it was kept, also what has ended since. Throws StoreError, also for a text that
// keep_suspensions did not write: what was suspended must not go on by mistake.
Suspensions kept_suspensions(Store& store);
void keep_suspensions(Store& store, const Suspensions& suspensions);

}  // namespace maand
