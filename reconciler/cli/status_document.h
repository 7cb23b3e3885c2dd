// The status of a bucket as one JSON document, whether its daemon runs or not.
#pragma once

#include <string>

#include "reconciler/cli/bucket.h"
#include "reconciler/core/applied.h"
#include "reconciler/core/ports.h"

namespace maand {

// What the daemon says at /api/v1/status, or the same members from the store
// when none runs; `"daemon": true|false` tells which. Throws CommandError when
// the daemon does not answer properly, StoreError when the store cannot be read.
std::string status_document(const Bucket& bucket);

// The members that a store has of it. `state`: what it has loaded; `source`: said of the remote. Throws
// StoreError.
std::string stored_status(const Bucket& bucket, Store& store, const AppliedState& state,
                          const std::string& source);

}  // namespace maand
