// Which commits a pass was rolling out when the daemon ended: what it did is in
// the applied state and in no note yet.
#pragma once

#include <set>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/rollout.h"
#include "reconciler/core/status.h"
#include "reconciler/core/workspace.h"

namespace maand {

// Before the first operation of a commit. Throws StoreError like the others.
void begin_rollout(Store& store, const CommitId& commit);
// What was begun is told.
void end_rollouts(Store& store);
// In the order in which they were begun, the newest last.
std::vector<CommitId> unfinished_rollouts(Store& store);

// What became of the allocations that were acted on for `commit`, as far as the
// applied state knows: neither why, nor both versions. "?" stands for the one that is not
// known: where it came from, or where a stop or a failed target was to lead.
std::vector<AllocationStatus> settled_lines(const AppliedState& state, const CommitId& commit);

// R2.6, R7.1: jobs of `workspace` whose targets failed for good where no pass judged it:
// under one of the `unfinished` commits, or `settled` only now. Their rollout has failed, as
// a pass would have found, and is to be held.
std::vector<JobReport> unjudged_failures(const AppliedState& state, const Workspace& workspace,
                                         const std::vector<CommitId>& unfinished,
                                         const std::set<AllocationKey>& settled);

}  // namespace maand
