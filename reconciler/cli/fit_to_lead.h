// Whether a replica could lead: asked when it begins to, and of one that stands by, so that it is not the
// failover that finds it out.
#pragma once

#include <string>
#include <vector>

#include "reconciler/cli/bucket.h"
#include "reconciler/core/applied.h"
#include "reconciler/core/ports.h"

namespace maand {

// Of maand.conf alone. Throws CommandError(kExitUsage).
void require_serveable(const Bucket& bucket);

// What is part of every path on every worker: another value would make the daemon blind to what it deployed
// (interface.md: fixed at the first apply). Throws CommandError(kExitUsage) and StoreError.
void require_fixed(const Bucket& bucket, Store& store);
// From now on that is what it has to be. REQUIRES: require_fixed.
void keep_fixed(const Bucket& bucket, Store& store);

// What is not in secrets/, or not the right one, as sentences. `state`: as it is stored. Reads all values.
// Throws StoreError.
std::vector<std::string> lacking_secrets(const Bucket& bucket, const AppliedState& state);

}  // namespace maand
