#include "reconciler/core/holds.h"

#include <algorithm>
#include <optional>

#include "reconciler/core/hook_commands.h"
#include "reconciler/core/status.h"

namespace maand {
namespace {

const JobRecord* record_of(const AppliedState& applied, const JobName& job) {
  const auto it = applied.jobs.find(job);
  return it == applied.jobs.end() ? nullptr : &it->second;
}

// R5.3: since when a hold key is not tried any more.
std::string since(std::string detail, WallTime at) {
  if (at == WallTime{}) return detail;
  return detail + (detail.empty() ? "" : "; ") + "not tried since " + rfc3339(at);
}

std::string told(const std::string& detail, bool rolled_back, WallTime at) {
  return since(detail + (rolled_back ? "; what was confirmed before it was put back" : ""), at);
}

// Of the last rollout that failed. The commit that was rolled back says so; a later one
// only has the same content.
Hold hold_of(const JobRecord& record, const CommitId& head) {
  const bool back = record.rollback == Rollback::kDone;
  if (!back || record.held_commit != head) {
    return {reason_from(record.held_reason), told(record.held_detail, back, record.held_since),
            record.held_tree};
  }
  return {Reason::kRolledBack, record.held_reason + ": " + since(record.held_detail, record.held_since),
          record.held_tree};
}

// R5.2: going back that was begun is finished, whatever the head has of the job.
std::optional<Hold> goes_back(const JobRecord& record) {
  if (record.rollback != Rollback::kBegun) return std::nullopt;
  return Hold{Reason::kRolledBack, record.held_reason + ": " + record.held_detail, record.held_tree};
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

std::optional<Hold> failed_before(const TreeId& tree, const JobRecord& record, const CommitId& head) {
  if (!record.held_reason.empty() && record.held_tree == tree) return hold_of(record, head);
  for (const FailedKey& key : record.failed_keys) {
    if (key.tree != tree) continue;
    return Hold{reason_from(key.reason), told(key.detail, key.rolled_back, key.since), key.tree};
  }
  return std::nullopt;
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

std::map<JobName, Hold> holds_of(const Workspace& workspace, const AppliedState& applied, const Pins& pins,
                                 const CommitId& head) {
  std::map<JobName, Hold> holds;
  for (const auto& [name, record] : applied.jobs) {
    if (auto back = goes_back(record); back && has_applied_state(applied, name)) holds.emplace(name, *back);
  }
  for (const Pin& pin : pins.all()) {
    if (pin.job.empty()) continue;  // the commit that is judged is that of the bucket's pin
    const bool listed = workspace.jobs.count(pin.job) > 0 || workspace.broken.count(pin.job) > 0;
    if (!listed && !has_applied_state(applied, pin.job)) continue;
    Hold& hold = holds.emplace(pin.job, Hold{Reason::kPinned, sentence(pin), {}}).first->second;
    if (!listed) hold.detail += ". The branch does not have it any more: then it is stopped and removed";
  }
  for (const auto& [name, job] : workspace.jobs) {
    const JobRecord* record = record_of(applied, name);
    if (!record) continue;
    if (auto failed = failed_before(job.tree, *record, head)) holds.emplace(name, std::move(*failed));
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

void hold_hooks(const Workspace& workspace, std::map<JobName, Hold>& holds) {
  for (const auto& [name, job] : workspace.jobs) {
    if (!has_hooks(job.commands)) continue;
    holds.insert({name, Hold{Reason::kHooksDisabled,
                             told_hooks(job.commands) +
                                 " would run on the control host; set hooks.enabled = true in maand.conf",
                             {}}});
  }
}

}  // namespace maand
