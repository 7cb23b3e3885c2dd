#include "reconciler/core/rollback_plan.h"

#include <utility>

namespace maand {
namespace {

Previous previous_of(const AppliedAllocation& applied) {
  if (applied.last == LastResult::kFailed) return Previous::kFailed;
  if (applied.last == LastResult::kInterrupted) return Previous::kInterrupted;
  return Previous::kNone;
}

PlannedAction act(const AppliedAllocation& applied, Action action, const JobRecord& record) {
  PlannedAction out;
  out.key = applied.key;
  out.action = action;
  out.reason = Reason::kRolledBack;
  out.previous = previous_of(applied);
  if (out.previous == Previous::kInterrupted) out.interrupted_boot = applied.interrupted_boot;
  out.current_version = out.new_version = applied.version;
  if (!applied.before || restores(action)) return out;
  // R2.2: a stop of what stays in the workspace goes from the one to the other as well.
  if (!record.failed_version.empty()) out.current_version = out.new_version = record.failed_version;
  return out;
}

PlannedAction put_back(const AppliedAllocation& applied, const JobRecord& record) {
  PlannedAction out = act(applied, Action::kRollback, record);
  const ConfirmedBefore& before = *applied.before;
  // A target that failed has confirmed nothing, and yet it is what runs there.
  if (applied.version == before.version && !record.failed_version.empty())
    out.current_version = record.failed_version;
  out.new_version = before.version;
  out.files = before.files;
  out.rendered_with = before.rendered_with;
  return out;
}

// It was put back, and whoever was to look at its health did not live to.
bool owes_gate(const AppliedAllocation& applied, const JobRecord& record) {
  return applied.rolled_back_from == record.held_tree && applied.running && applied.files &&
         applied.last == LastResult::kConfirmed && applied.health == Health::kUnprobed;
}

bool is_lost(const AppliedAllocation& applied, const JobRecord& record) {
  return applied.tree == record.held_tree && applied.rolled_back_from != record.held_tree &&
         record.good_tree != record.held_tree && (applied.files || applied.running);
}

}  // namespace

bool goes_back(const DesiredJob& desired, const JobRecord& record) {
  if (record.rollback != Rollback::kDue && record.rollback != Rollback::kBegun) return false;
  return desired.held && desired.held_tree == record.held_tree;
}

RollbackPlan plan_rollback(const JobRecord& record, const AppliedState& applied, bool gated) {
  RollbackPlan out;
  for (auto it = applied.allocations.lower_bound({record.job, WorkerHost{}});
       it != applied.allocations.end() && it->first.job == record.job; ++it) {
    const AppliedAllocation& allocation = it->second;
    if (allocation.stopped_by) continue;  // R5.7
    if (allocation.open) {
      out.unsettled.push_back(act(allocation, Action::kNone, record));
      out.unsettled.back().reason = Reason::kUnsettled;
    } else if (!allocation.before) {
      if (gated && owes_gate(allocation, record)) {
        out.restores.push_back(act(allocation, Action::kRestore, record));
        out.restores.back().reason = Reason::kSettled;
        out.restores.back().files = allocation.files;
        out.restores.back().rendered_with = allocation.rendered_with;
      } else if (is_lost(allocation, record)) {
        out.lost.push_back(allocation.key);
      }
    } else if (is_as_before(allocation)) {
      continue;
    } else if (allocation.before->running) {
      out.restores.push_back(put_back(allocation, record));
    } else {
      out.stops.push_back(act(allocation, Action::kStop, record));
    }
  }
  return out;
}

}  // namespace maand
