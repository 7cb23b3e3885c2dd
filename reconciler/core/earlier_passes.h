// What earlier passes of the same rollout leave to this one: failures that count, a
// canary that has been through, a bake that is not over (R2.9).
#pragma once

#include "reconciler/core/plan.h"

namespace maand {

// REQUIRES of both: the actions and active allocations of `plan` are complete.
void count_earlier_passes(JobPlan& plan, const AppliedState& applied);
// What bakes on is what has the new content and is not acted on.
void take_up_bake(JobPlan& plan, const JobRecord& record, const AppliedState& applied);

}  // namespace maand
