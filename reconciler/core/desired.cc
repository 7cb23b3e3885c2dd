#include "reconciler/core/desired.h"

#include <algorithm>
#include <utility>

#include "reconciler/core/placement.h"
#include "reconciler/core/waves.h"

namespace maand {
namespace {

struct Hold {
  Reason reason;
  std::string detail;
  TreeId held_tree;
};

bool has_applied_state(const AppliedState& applied, const JobName& job) {
  const auto it = applied.allocations.lower_bound({job, WorkerHost{}});
  return it != applied.allocations.end() && it->first.job == job;
}

const JobRecord* record_of(const AppliedState& applied, const JobName& job) {
  const auto it = applied.jobs.find(job);
  return it == applied.jobs.end() ? nullptr : &it->second;
}

// A rollout of exactly this content failed before (R2.6).
std::optional<Hold> failed_before(const Job& job, const JobRecord* record) {
  if (!record || record->held_reason.empty() || record->held_tree != job.tree) return std::nullopt;
  return Hold{reason_from(record->held_reason), record->held_detail, record->held_tree};
}

// An error between jobs holds those of them that changed; when none of the jobs
// did (a worker left, say), all of them (R1.6).
std::map<JobName, Hold> between_holds(const Workspace& workspace, const AppliedState& applied) {
  std::map<JobName, Hold> holds;
  for (const BetweenJobs& problem : workspace.between) {
    std::vector<JobName> changed;
    for (const JobName& name : problem.jobs) {
      const auto job = workspace.jobs.find(name);
      if (job == workspace.jobs.end()) continue;
      const JobRecord* record = record_of(applied, name);
      if (!record || record->target_tree != job->second.tree) changed.push_back(name);
    }
    for (const JobName& name : changed.empty() ? problem.jobs : changed) {
      holds.insert({name, Hold{problem.reason, to_string(problem.diagnostic), {}}});
    }
  }
  return holds;
}

// Why `job` of the head is not the target, if so.
std::optional<Hold> hold_of(const Job& job, const AppliedState& applied,
                            const std::map<JobName, Hold>& between) {
  if (auto failed = failed_before(job, record_of(applied, job.name))) return failed;
  const auto it = between.find(job.name);
  if (it != between.end()) return it->second;
  return std::nullopt;
}

std::string broken_detail(const BrokenJob& broken) {
  for (const Diagnostic& diagnostic : broken.diagnostics.all()) {
    if (diagnostic.severity == Severity::kError) return to_string(diagnostic);
  }
  return "jobs/" + broken.name.str() + " has no readable manifest.json";
}

void set_hold(DesiredJob& out, const Hold& hold, const std::map<JobName, KeptJob>& kept) {
  out.held = true;
  out.held_reason = hold.reason;
  out.held_detail = hold.detail;
  out.held_tree = hold.held_tree;
  const auto it = kept.find(out.name);
  if (it == kept.end()) return;
  out.job = std::make_shared<const Job>(it->second.job);
  out.commit = it->second.commit;
}

}  // namespace

std::map<JobName, CommitId> kept_content(const Workspace& workspace, const AppliedState& applied) {
  std::map<JobName, CommitId> needed;
  const std::map<JobName, Hold> between = between_holds(workspace, applied);
  const auto need = [&](const JobName& name) {
    const JobRecord* record = record_of(applied, name);
    if (record && !record->target_commit.empty()) needed.insert({name, record->target_commit});
  };
  for (const auto& [name, job] : workspace.jobs) {
    if (hold_of(job, applied, between)) need(name);
  }
  for (const auto& [name, broken] : workspace.broken) need(name);
  return needed;
}

DesiredState make_desired(const CommitId& commit, const Workspace& workspace, const AppliedState& applied,
                          const std::map<JobName, KeptJob>& kept) {
  DesiredState desired;
  desired.commit = commit;
  desired.workers = workspace.workers;
  desired.disabled = workspace.disabled;
  const std::map<JobName, Hold> between = between_holds(workspace, applied);

  for (const auto& [name, job] : workspace.jobs) {
    DesiredJob& out = desired.jobs[name];
    out.name = name;
    if (const auto hold = hold_of(job, applied, between)) {
      set_hold(out, *hold, kept);
    } else {
      out.job = std::make_shared<const Job>(job);
      out.commit = commit;
    }
  }
  for (const auto& [name, broken] : workspace.broken) {
    const bool known = has_applied_state(applied, name);
    if (!known) desired.unknown_jobs.push_back(name);
    if (!known && broken.without_manifest) continue;
    DesiredJob& out = desired.jobs[name];
    out.name = name;
    set_hold(out, {Reason::kBroken, broken_detail(broken), {}}, kept);
  }

  std::vector<const Job*> jobs;
  std::vector<DesiredJob*> placed;
  for (auto& [name, job] : desired.jobs) {
    if (!job.job) continue;
    jobs.push_back(job.job.get());
    placed.push_back(&job);
  }
  std::vector<std::vector<std::uint32_t>> placement = place(desired.workers, jobs);
  const Waves waves = deployment_waves(jobs);
  for (std::size_t i = 0; i < placed.size(); ++i) {
    placed[i]->workers = std::move(placement[i]);
    placed[i]->wave = waves.sequence[i];
  }
  return desired;
}

}  // namespace maand
