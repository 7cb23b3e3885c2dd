#include "reconciler/core/watch_list.h"

#include <algorithm>
#include <map>

namespace maand {

std::set<AllocationKey> acted_on(const Plan& plan) {
  std::set<AllocationKey> keys;
  for (const auto& [name, job] : plan.jobs) {
    for (const auto* list : {&job.drains, &job.removals, &job.starts, &job.upgrades}) {
      for (const PlannedAction& action : *list) keys.insert(action.key);
    }
  }
  for (const PlannedAction& action : plan.waiting) keys.insert(action.key);
  return keys;
}

WatchList make_watch_list(const DesiredState& desired, const Plan& plan, const AppliedState& applied,
                          const SshDefaults& ssh) {
  WatchList list;
  const std::set<AllocationKey> planned = acted_on(plan);
  std::map<WorkerHost, const Worker*> workers;
  for (const Worker& worker : desired.workers) workers[worker.host] = &worker;
  JobName of;
  std::shared_ptr<const HealthSpec> spec;  // of job `of`
  for (const auto& [key, allocation] : applied.allocations) {
    if (!allocation.running) continue;
    const auto job = desired.jobs.find(key.job);
    if (job == desired.jobs.end() || !job->second.job) continue;
    const auto worker = workers.find(key.worker);
    if (worker == workers.end()) continue;  // it leaves
    const Job& content = *job->second.job;
    if (of != key.job || !spec) {
      of = key.job;
      spec = std::make_shared<const HealthSpec>(job->second.health);
    }
    // A change that is not shipped asks for no action and leaves the tree as it was.
    const bool confirmed = allocation.tree == content.tree && allocation.last == LastResult::kConfirmed;
    const bool as_desired = !allocation.open && (confirmed || planned.count(key) == 0);
    if (as_desired && content.health.checks.empty()) {
      if (allocation.health != Health::kUnprobed) list.unprobed.push_back(key);
      continue;
    }
    list.watched.push_back(
        {key, endpoint_of(*worker->second, ssh), allocation.health, as_desired ? spec : nullptr});
  }
  return list;
}

}  // namespace maand
