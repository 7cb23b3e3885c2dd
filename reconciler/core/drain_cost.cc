#include "reconciler/core/drain_cost.h"

#include "reconciler/core/availability.h"

namespace maand {
namespace {

bool is_out(const AppliedAllocation& allocation, const Drains& drained, const std::set<WorkerHost>& away) {
  return !allocation.running || allocation.last == LastResult::kFailed ||
         allocation.health == Health::kUnhealthy || drained.count(allocation.key.worker) > 0 ||
         away.count(allocation.key.worker) > 0;
}

}  // namespace

std::string broken_by_drain(const WorkerHost& worker, const Workspace& workspace, const AppliedState& applied,
                            const Drains& drained, const std::set<WorkerHost>& away) {
  std::string broken;
  for (const auto& [name, job] : workspace.jobs) {
    const AppliedAllocation* here = applied.find({name, worker});
    if (!here || is_out(*here, drained, away)) continue;  // nothing is lost that was there
    JobPlan plan;
    plan.policy = job.rollout;
    plan.max_concurrent_upgrades = job.max_concurrent_upgrades;
    int out = 1;
    for (auto it = applied.allocations.lower_bound({name, WorkerHost{}});
         it != applied.allocations.end() && it->first.job == name; ++it) {
      const AppliedAllocation& one = it->second;
      if (one.stopped_by || workspace.disabled.covers(one.key)) continue;
      plan.active.emplace_back();
      if (one.key != here->key && is_out(one, drained, away)) ++out;
    }
    const int limit = availability_limit(plan);
    if (out <= limit) continue;
    broken += (broken.empty() ? "" : "; ") + name.str() + ": " + std::to_string(out) + " of " +
              std::to_string(plan.active.size()) + " would be out, at most " + std::to_string(limit) +
              " may be";
  }
  return broken;
}

}  // namespace maand
