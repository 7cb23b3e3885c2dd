#include "reconciler/core/drift_list.h"

#include <algorithm>
#include <memory>
#include <set>

#include "reconciler/core/restart.h"
#include "reconciler/core/watch_list.h"

namespace maand {
namespace {

std::shared_ptr<const LookRules> rules_of(const Job& job) {
  if (job.drift.ignore.empty()) return nullptr;
  LookRules rules{job.drift.ignore, {}};
  for (const JobTemplate& one : job.templates) rules.rendered.push_back(one.path);
  return std::make_shared<const LookRules>(std::move(rules));
}

// A change that is not shipped leaves the tree as it was (watch_list.cc): what counts is the files.
bool has_files_of(const DesiredJob& job, std::uint32_t worker, const AppliedAllocation& allocation) {
  if (allocation.tree == job.job->tree) return true;
  const auto at = std::lower_bound(job.workers.begin(), job.workers.end(), worker);
  if (at == job.workers.end() || *at != worker) return false;
  return !files_differ(job.content(static_cast<std::size_t>(at - job.workers.begin())), allocation);
}

}  // namespace

DriftList make_drift_list(const DesiredState& desired, const Plan& plan, const AppliedState& applied,
                          const SshDefaults& ssh) {
  DriftList list;
  const std::set<AllocationKey> planned = acted_on(plan);
  std::map<WorkerHost, const Worker*> workers;
  for (const Worker& worker : desired.workers) workers[worker.host] = &worker;
  JobName of;
  std::shared_ptr<const LookRules> rules;  // of job `of`
  for (const auto& [key, allocation] : applied.allocations) {
    const bool confirmed = allocation.running && !allocation.open && allocation.files &&
                           allocation.last == LastResult::kConfirmed && allocation.moved_from.empty();
    if (!confirmed || allocation.stopped_by || planned.count(key) > 0) continue;
    const auto job = desired.jobs.find(key.job);
    const auto worker = workers.find(key.worker);
    if (job == desired.jobs.end() || !job->second.job || worker == workers.end()) continue;
    const Job& content = *job->second.job;
    if (of != key.job) {
      of = key.job;
      rules = rules_of(content);
    }
    JobLook look{.job = key.job,
                 .files = allocation.files,
                 .operation = allocation.last_operation,
                 .version = allocation.version,
                 .rules = rules};
    const auto place = static_cast<std::uint32_t>(worker->second - desired.workers.data());
    if (content.drift.status && has_files_of(job->second, place, allocation))
      look.status_limit = content.drift.status_timeout;
    WorkerLook& on = list[key.worker];
    if (on.jobs.empty()) on.endpoint = endpoint_of(*worker->second, ssh);
    on.jobs.push_back(std::move(look));
  }
  return list;
}

}  // namespace maand
