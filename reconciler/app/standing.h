// Operators' standing orders, kept in the store so that they outlive the daemon: what is
// suspended (R5.5), what is pinned (R5.4), and which workers are drained.
//
// Read as they were kept, also what has ended since. All throw StoreError; reading does
// as well for a text that was not written here: nothing goes on by mistake.
#pragma once

#include "reconciler/core/drain.h"
#include "reconciler/core/pin.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/suspension.h"

namespace maand {

Suspensions kept_suspensions(Store& store);
void keep_suspensions(Store& store, const Suspensions& suspensions);

Pins kept_pins(Store& store);
void keep_pins(Store& store, const Pins& pins);

Drains kept_drains(Store& store);
void keep_drains(Store& store, const Drains& drains);

}  // namespace maand
