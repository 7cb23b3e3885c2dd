#include "reconciler/core/holds.h"

#include <optional>

namespace maand {
namespace {

const JobRecord* record_of(const AppliedState& applied, const JobName& job) {
  const auto it = applied.jobs.find(job);
  return it == applied.jobs.end() ? nullptr : &it->second;
}

// A rollout of exactly this content failed before (R2.6).
std::optional<Hold> failed_before(const Job& job, const JobRecord* record) {
  if (!record || record->held_reason.empty() || record->held_tree != job.tree) return std::nullopt;
  return Hold{reason_from(record->held_reason), record->held_detail, record->held_tree};
}

// R5.4. A rollout of exactly what it is pinned to may have failed, too (R2.6).
Hold pinned(const Pin& pin, const JobRecord* record) {
  Hold hold{Reason::kPinned, sentence(pin), {}};
  if (record && !record->held_reason.empty() && record->held_commit == pin.commit)
    hold.held_tree = record->held_tree;
  return hold;
}

std::string first_error(const BrokenJob& broken) {
  for (const Diagnostic& diagnostic : broken.diagnostics.all()) {
    if (diagnostic.severity == Severity::kError) return to_string(diagnostic);
  }
  return "jobs/" + broken.name.str() + " has no readable manifest.json";
}

}  // namespace

bool has_applied_state(const AppliedState& applied, const JobName& job) {
  const auto it = applied.allocations.lower_bound({job, WorkerHost{}});
  return it != applied.allocations.end() && it->first.job == job;
}

std::vector<JobName> held_by(const BetweenJobs& problem, const Workspace& workspace,
                             const AppliedState& applied) {
  std::vector<JobName> changed;
  for (const JobName& name : problem.jobs) {
    const auto job = workspace.jobs.find(name);
    if (job == workspace.jobs.end()) continue;
    const JobRecord* record = record_of(applied, name);
    if (!record || record->target_tree != job->second.tree) changed.push_back(name);
  }
  return changed.empty() ? problem.jobs : changed;
}

std::map<JobName, Hold> holds_of(const Workspace& workspace, const AppliedState& applied, const Pins& pins) {
  std::map<JobName, Hold> holds;
  for (const Pin& pin : pins.all()) {
    const bool listed = workspace.jobs.count(pin.job) > 0 || workspace.broken.count(pin.job) > 0;
    if (!listed && !has_applied_state(applied, pin.job)) continue;
    Hold& hold = holds.emplace(pin.job, pinned(pin, record_of(applied, pin.job))).first->second;
    if (!listed) hold.detail += ". The branch does not have it any more: then it is stopped and removed";
  }
  for (const auto& [name, job] : workspace.jobs) {
    if (auto failed = failed_before(job, record_of(applied, name))) holds.emplace(name, std::move(*failed));
  }
  for (const BetweenJobs& problem : workspace.between) {
    for (const JobName& name : held_by(problem, workspace, applied)) {
      holds.insert({name, Hold{problem.reason, to_string(problem.diagnostic), {}}});
    }
  }
  for (const auto& [name, broken] : workspace.broken) {
    if (broken.without_manifest && !has_applied_state(applied, name)) continue;
    holds.insert({name, Hold{Reason::kBroken, first_error(broken), {}}});
  }
  return holds;
}

}  // namespace maand
