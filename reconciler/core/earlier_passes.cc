#include "reconciler/core/earlier_passes.h"

#include <algorithm>

namespace maand {
namespace {

bool is_up(const AppliedAllocation& applied, const TreeId& tree) {
  return applied.tree == tree && applied.running && applied.last == LastResult::kConfirmed && !applied.open;
}

bool acts_on(const JobPlan& plan, const AllocationKey& key) {
  const auto is = [&key](const PlannedAction& action) { return action.key == key; };
  return std::any_of(plan.starts.begin(), plan.starts.end(), is) ||
         std::any_of(plan.upgrades.begin(), plan.upgrades.end(), is);
}

}  // namespace

void count_earlier_passes(JobPlan& plan, const AppliedState& applied) {
  if (plan.policy.canary == 0 && plan.policy.max_failures == 0) return;
  for (const ActiveAllocation& active : plan.active) {
    const AppliedAllocation* known = applied.find(active.key);
    if (!known || acts_on(plan, active.key)) continue;
    // Its worker took it back (R2.9 confirm_seconds).
    if (plan.policy.confirm.count() > 0 && known->rolled_back_from == plan.tree) ++plan.failed_before;
    if (known->tree != plan.tree) continue;
    if (is_up(*known, plan.tree)) plan.policy.canary = std::max(0, plan.policy.canary - 1);
    if (known->last == LastResult::kFailed && !known->attempted_head.empty()) ++plan.failed_before;
  }
}

void take_up_bake(JobPlan& plan, const JobRecord& record, const AppliedState& applied) {
  for (ActiveAllocation& active : plan.active) {
    const AppliedAllocation* known = applied.find(active.key);
    active.bakes = known && is_up(*known, plan.tree) && !acts_on(plan, active.key);
    if (active.bakes) plan.bake_left = record.bake_left;
  }
}

}  // namespace maand
