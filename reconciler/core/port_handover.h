// Who has to let go of a port before whom, on one worker (workspace.md, list of
// differences: a name moves or two jobs swap in one commit).
//
// A taker waits for what the holder's own action does: that is a matter of order,
// and the rollout machine sees to it. Two kinds of holder cannot come first and are
// stopped when the taker's turn has come, then started with their own action: those
// in a circle (two jobs swap) and those of a later wave. A holder that this plan
// leaves as it is keeps its port, and the taker has to wait for a later plan.
#pragma once

#include <set>

#include "reconciler/core/applied.h"
#include "reconciler/core/desired.h"
#include "reconciler/core/plan.h"

namespace maand {

// Fills in `waits` and `handovers` of the jobs of `plan`, and who waits for whom in
// the sentences of takers. What was held is read from `applied`, what is taken from
// the plan. Deterministic. Cost: one look at every allocation that holds ports, and
// none where no job of the plan has any.
//
// Returns holders that would let go if only something were done to them: nothing of
// them differs but a declared number. The plan is then to be made again with those
// restarted, and nothing was filled in. Never one of `asked`, who were returned before.
std::set<AllocationKey> arrange_handovers(Plan& plan, const DesiredState& desired,
                                          const AppliedState& applied,
                                          const std::set<AllocationKey>& asked = {});

}  // namespace maand
