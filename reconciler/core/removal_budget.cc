#include "reconciler/core/removal_budget.h"

#include <algorithm>

namespace maand {

void hold_removals_over_budget(Plan& plan, const AppliedState& applied, const PlanSettings& settings,
                               bool no_jobs_left) {
  if (settings.all_removals_released) return;
  const auto running = static_cast<std::size_t>(
      std::count_if(applied.allocations.begin(), applied.allocations.end(),
                    [](const auto& allocation) { return allocation.second.running; }));
  const auto stops = [&](const PlannedAction& action) {
    const AppliedAllocation* allocation = applied.find(action.key);
    return allocation && allocation->running && settings.released_removals.count(action.key) == 0;
  };
  std::size_t counted = 0;
  for (const auto& [name, job] : plan.jobs) {
    if (job.rollback) continue;  // what it stops did not run before
    counted += static_cast<std::size_t>(std::count_if(job.drains.begin(), job.drains.end(), stops));
  }
  if (counted == 0) return;
  const bool small = running <= static_cast<std::size_t>(settings.removals_free);
  const bool within =
      small || static_cast<double>(counted) <= settings.max_removals * static_cast<double>(running);
  if (within && !no_jobs_left) return;

  for (auto& [name, job] : plan.jobs) {
    if (job.rollback || std::none_of(job.drains.begin(), job.drains.end(), stops)) continue;
    job.hold(Reason::kRemovalBudget, "it would stop " + std::to_string(counted) + " of " +
                                         std::to_string(running) + " running allocations; `maand release " +
                                         name.str() + "` lets it");
  }
}

}  // namespace maand
