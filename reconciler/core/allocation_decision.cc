#include "reconciler/core/allocation_decision.h"

#include "reconciler/core/rollback_plan.h"

#include <algorithm>
#include <optional>

namespace maand {
namespace {

Previous previous_of(const AppliedAllocation* applied) {
  if (!applied) return Previous::kNone;
  if (applied->last == LastResult::kFailed) return Previous::kFailed;
  if (applied->last == LastResult::kInterrupted) return Previous::kInterrupted;
  return Previous::kNone;
}

std::string detail_of(const Decision& decision, const Wanted* wanted, const AppliedAllocation* applied) {
  if (!wanted || !applied || !applied->files) return {};
  if (decision.reason == Reason::kDrifted) return applied->drift ? applied->drift->detail : "";
  std::vector<std::string> paths;
  if (decision.reason == Reason::kGlobMatched) paths = restart_matches(*wanted, *applied);
  if (decision.reason == Reason::kFilesChanged || decision.reason == Reason::kValueChanged ||
      decision.reason == Reason::kCertificateRenewed) {
    paths = differing_paths(*wanted, *applied);
  }
  // R5.9: what made it a restart is not in the difference.
  if (decision.reason == Reason::kGlobMatched && paths.empty() && applied->drift)
    return applied->drift->detail;
  std::string out;
  constexpr std::size_t kNamed = 3;
  for (std::size_t i = 0; i < std::min(paths.size(), kNamed); ++i) out += (i ? ", " : "") + paths[i];
  if (paths.size() > kNamed) out += " and " + std::to_string(paths.size() - kNamed) + " more";
  return out;
}

}  // namespace

PlannedAction action_of(const AllocationKey& key, const Decision& decision, const Wanted* wanted,
                        const AppliedAllocation* applied) {
  const Job* job = wanted ? &wanted->job : nullptr;
  PlannedAction action;
  action.key = key;
  action.action = decision.action;
  action.reason = decision.reason;
  action.detail = detail_of(decision, wanted, applied);
  action.current_version = applied ? applied->version : "0.0.0";
  // R2.2: a job that left has no other version than the one it runs.
  action.new_version = job ? job->version : action.current_version;
  action.previous = previous_of(applied);
  if (action.previous == Previous::kInterrupted) action.interrupted_boot = applied->interrupted_boot;
  const bool same_content = applied && job && applied->tree == job->tree;
  action.attempt = same_content ? applied->attempts + applied->interruptions + 1 : 1;
  if (ships_files(decision.action)) {
    action.files = wanted->content.files;
    action.rendered_with = wanted->content.with;
  }
  return action;
}

Decision restrained(Decision decision, const DesiredJob* job, const AppliedAllocation* applied,
                    const CommitId& head) {
  if (!applied) return decision;
  const bool leaves = decision.action == Action::kStop;
  if (applied->interruptions >= 2 && !leaves) {
    return {Action::kNone, applied->reboot_loop ? Reason::kRebootLoop : Reason::kPreviousInterrupted};
  }
  // R3.10: a stop that failed is tried again with a new head, not by itself.
  if (leaves && applied->stop_failed && applied->attempted_head == head) {
    return {Action::kNone, Reason::kStopFailed};
  }
  // R2.6: what the failed rollout reached stays as it is; what it did not reach
  // runs the last good content already.
  if (!leaves && job && job->held && !job->held_tree.empty() && applied->tree == job->held_tree) {
    return {Action::kNone, job->held_reason};
  }
  // R5.3: it was taken back from what it would get, or going back failed there. Where that was
  // only interrupted, what is good comes again.
  if (!leaves && job && job->held && !job->held_tree.empty() && applied->rolled_back_from == job->held_tree) {
    const bool same = job->job && job->job->tree == job->held_tree;
    const bool may_come =
        applied->last == LastResult::kConfirmed || applied->last == LastResult::kInterrupted;
    if (same || !may_come) return {Action::kNone, job->held_reason};
  }
  // R2.9: its worker took it back, within what may fail.
  const TreeId wanted = job && job->job ? job->job->tree : TreeId{};
  if (!leaves && job && !job->held && !wanted.empty() && applied->rolled_back_from == wanted &&
      job->job->rollout.confirm.count() > 0) {
    return {Action::kNone, Reason::kNotConfirmed};
  }
  // R2.9: one of those that may fail did, as often as it may.
  const Job* content = job ? job->job.get() : nullptr;
  const bool tried = applied->last == LastResult::kFailed && !applied->attempted_head.empty();
  if (!leaves && tried && content && content->rollout.max_failures > 0 && applied->tree == content->tree &&
      applied->attempts >= content->rollout.attempts) {
    return {Action::kNone, Reason::kTargetFailed};
  }
  return decision;
}

bool placed_by_failed_rollout(const DesiredJob& job, const AppliedAllocation& applied) {
  return job.held && job.held_reason != Reason::kPinned && !job.held_tree.empty() &&
         applied.tree == job.held_tree;
}

Decision decide_without_content(const AppliedAllocation& applied, bool listed, bool disabled, Reason held) {
  if (listed && !disabled) return {Action::kNone, held};
  Situation situation = situation_of(nullptr, &applied, disabled);
  situation.wanted = listed;
  return decide(situation);
}

PlannedAction decide_one(const DesiredState& desired, const AppliedState& applied, const AllocationKey& key) {
  const auto job = desired.jobs.find(key.job);
  const AppliedAllocation* allocation = applied.find(key);
  const DesiredJob* known = nullptr;
  std::optional<Wanted> wanted;
  if (job != desired.jobs.end() && job->second.job) {
    for (std::size_t i = 0; i < job->second.workers.size(); ++i) {
      if (desired.workers[job->second.workers[i]].host != key.worker) continue;
      known = &job->second;
      wanted.emplace(Wanted{*known->job, known->content(i)});
    }
  }
  const bool disabled = desired.disabled.covers(key);
  const auto record = applied.jobs.find(key.job);
  if (job != desired.jobs.end() && record != applied.jobs.end() && goes_back(job->second, record->second)) {
    const RollbackPlan back = plan_rollback(record->second, applied, !job->second.health.checks.empty());
    for (const auto* actions : {&back.stops, &back.restores, &back.unsettled}) {
      for (const PlannedAction& action : *actions) {
        if (action.key == key) return action;
      }
    }
    return action_of(key, {Action::kNone, Reason::kRolledBack}, nullptr, allocation);
  }
  Decision decision;
  const bool as_it_is = job != desired.jobs.end() && allocation && !wanted &&
                        placed_by_failed_rollout(job->second, *allocation);
  if (job != desired.jobs.end() && (!job->second.job || as_it_is)) {
    const bool listed = std::any_of(desired.workers.begin(), desired.workers.end(),
                                    [&](const Worker& worker) { return worker.host == key.worker; });
    decision = {Action::kNone, job->second.held_reason};
    if (allocation) {
      decision = restrained(decide_without_content(*allocation, listed, disabled, decision.reason), nullptr,
                            allocation, desired.commit);
    }
  } else {
    decision = restrained(decide(situation_of(wanted ? &*wanted : nullptr, allocation, disabled)), known,
                          allocation, desired.commit);
  }
  return action_of(key, decision, wanted ? &*wanted : nullptr, allocation);
}

}  // namespace maand
