#include "reconciler/app/unfinished.h"

#include <algorithm>
#include <sstream>

namespace maand {
namespace {

constexpr const char* kKey = "rolling_out";  // ids of commits, a blank between two

Action action_of(Target target) {
  switch (target) {
    case Target::kStart:
      return Action::kStart;
    case Target::kStop:
      return Action::kStop;
    case Target::kRestart:
      return Action::kRestart;
    case Target::kReload:
      return Action::kReload;
    case Target::kNone:
      return Action::kSync;
  }
  return Action::kSync;
}

const char* outcome_of(LastResult last) {
  switch (last) {
    case LastResult::kFailed:
      return "failed";
    case LastResult::kInterrupted:
      return "interrupted";
    case LastResult::kNone:
    case LastResult::kConfirmed:
      return "succeeded";
  }
  return "succeeded";
}

}  // namespace

std::vector<CommitId> unfinished_rollouts(Store& store) {
  std::istringstream words(store.setting(kKey).value_or(""));
  std::vector<CommitId> out;
  for (std::string word; words >> word;) out.emplace_back(word);
  return out;
}

void begin_rollout(Store& store, const CommitId& commit) {
  std::vector<CommitId> known = unfinished_rollouts(store);
  if (!known.empty() && known.back() == commit) return;
  std::erase(known, commit);
  std::string text;
  for (const CommitId& one : known) text += one.str() + " ";
  store.put_setting(kKey, text + commit.str());
}

void end_rollouts(Store& store) {
  if (!unfinished_rollouts(store).empty()) store.put_setting(kKey, "");
}

std::vector<AllocationStatus> settled_lines(const AppliedState& state, const CommitId& commit) {
  std::vector<AllocationStatus> out;
  for (const auto& [key, allocation] : state.allocations) {
    if (allocation.attempted_head != commit || allocation.open || allocation.last_operation.empty()) continue;
    AllocationStatus line;
    line.key = key;
    line.action = action_of(allocation.last_target);
    line.reason = Reason::kSettled;
    // The confirmed version is where it came to, unless it failed or was stopped: then
    // it is where it came from, and what it was on its way to is not kept.
    const bool arrived = allocation.last == LastResult::kConfirmed && allocation.last_target != Target::kStop;
    line.current_version = arrived ? "?" : allocation.version;
    line.new_version = arrived ? allocation.version : "?";
    line.outcome = outcome_of(allocation.last);
    line.health = allocation.health;
    line.operation = allocation.last_operation;
    line.detail = "told from the applied state: the daemon ended before it could";
    out.push_back(std::move(line));
  }
  return out;
}

std::vector<JobReport> unjudged_failures(const AppliedState& state, const Workspace& workspace,
                                         const std::vector<CommitId>& unfinished,
                                         const std::set<AllocationKey>& settled) {
  std::vector<JobReport> out;
  for (const auto& [name, job] : workspace.jobs) {
    const auto record = state.jobs.find(name);
    if (record == state.jobs.end() || !record->second.held_reason.empty()) continue;
    if (record->second.target_tree != job.tree) continue;
    JobReport report;
    report.job = name;
    report.commit = record->second.target_commit;
    report.tree = job.tree;
    report.would_go_back = job.rollout.on_failure == RolloutPolicy::OnFailure::kRollback;
    report.state = JobReport::State::kFailed;
    for (auto it = state.allocations.lower_bound({name, WorkerHost{}});
         it != state.allocations.end() && it->first.job == name; ++it) {
      const AppliedAllocation& allocation = it->second;
      const bool unjudged =
          settled.count(it->first) > 0 ||
          std::find(unfinished.begin(), unfinished.end(), allocation.attempted_head) != unfinished.end();
      const bool for_good = allocation.missing_target || allocation.attempts >= job.rollout.attempts;
      const bool failed = allocation.last == LastResult::kFailed && !allocation.open &&
                          allocation.last_target != Target::kStop && allocation.tree == job.tree;
      if (!unjudged || !failed || !for_good) continue;
      AllocationReport line;
      line.action.key = it->first;
      line.action.action = action_of(allocation.last_target);
      line.action.new_version = job.version;
      line.state = AllocationReport::State::kFailed;
      if (report.allocations.empty()) {
        report.reason = allocation.missing_target ? Reason::kMissingTarget : Reason::kTargetFailed;
        report.detail = it->first.str() + ": " + to_string(line.action.action) + " failed";
      }
      report.allocations.push_back(std::move(line));
    }
    if (static_cast<int>(report.allocations.size()) > job.rollout.max_failures)
      out.push_back(std::move(report));
  }
  return out;
}

}  // namespace maand
