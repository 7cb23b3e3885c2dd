// R5.1: a commit that would stop surprisingly much is held, not obeyed.
#pragma once

#include "reconciler/core/plan.h"

namespace maand {

// Counts the running allocations the plan would stop (removals, moves and disables)
// against all running ones; those of jobs that a trailer names do not count. Above the
// budget, or when the workspace has no job at all (R1.3, however few run), the jobs of stops
// that are not released are held whole with kRemovalBudget, and with them the jobs that take the
// port or the room that such an allocation goes on to have. Fills in stops_over_budget.
void hold_removals_over_budget(Plan& plan, const DesiredState& desired, const AppliedState& applied,
                               const PlanSettings& settings);

}  // namespace maand
