// R5.1: a commit that would stop surprisingly much is held, not obeyed.
#pragma once

#include "reconciler/core/plan.h"

namespace maand {

// Counts the running allocations the plan would stop (removals and disables)
// against all running ones. Above the budget, the jobs those stops belong to are
// held whole with kRemovalBudget. `no_jobs_left`: the workspace has no job at
// all, which is held however few run (R1.3).
void hold_removals_over_budget(Plan& plan, const AppliedState& applied, const PlanSettings& settings,
                               bool no_jobs_left);

}  // namespace maand
