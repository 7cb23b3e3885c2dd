// Which commits a pass was rolling out when the daemon ended: what it did is in
// the applied state and in no note yet.
#pragma once

#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/status.h"

namespace maand {

// Before the first operation of a commit. Throws StoreError like the others.
void begin_rollout(Store& store, const CommitId& commit);
// What was begun is told.
void end_rollouts(Store& store);
// In the order in which they were begun, the newest last.
std::vector<CommitId> unfinished_rollouts(Store& store);

// What became of the allocations that were acted on for `commit`, as far as the
// applied state knows: neither why, nor from which version.
std::vector<AllocationStatus> settled_lines(const AppliedState& state, const CommitId& commit);

}  // namespace maand
