// What draining a worker takes from the jobs on it (R2.5).
#pragma once

#include <set>
#include <string>

#include "reconciler/core/applied.h"
#include "reconciler/core/drain.h"
#include "reconciler/core/workspace.h"

namespace maand {

// The jobs of which more would be out than their limit allows, in words: `api: 2 of 3 would be out, at
// most 1 may be`; empty: none. `away`: workers that are out of reach now.
std::string broken_by_drain(const WorkerHost& worker, const Workspace& workspace, const AppliedState& applied,
                            const Drains& drained, const std::set<WorkerHost>& away);

}  // namespace maand
