// The step of a pass that learns what became of operations whose end was not known, and
// what a job makes of those that their workers took back (R3.4, R2.9 confirm_seconds).
#include "reconciler/app/job_orders.h"
#include "reconciler/app/owed_confirmations.h"
#include "reconciler/app/pass.h"
#include "reconciler/app/settling.h"

namespace maand {
namespace {

// A target may take many minutes, and other jobs have nothing to do with it.
constexpr std::chrono::seconds kPatience{15};

}  // namespace

// R3.4: nothing is planned on top of an operation whose end is not known.
void Pass::settle_open() {
  if (!memory_.authority.may_write()) return;  // asking seals what never began
  memory_.phase.enter(Phase::kSettle);
  const SettlingDeps deps{deps_.inbox, deps_.runner, deps_.journal, deps_.clock, deps_.observer};
  const auto stop = [this] { return deps_.control.stop_requested(); };
  PassControl& control = deps_.control;
  const auto again = [&control] { control.come_again(); };
  SettlingResult settled = memory_.questions.settle(
      deps, control.serving() ? std::optional(kPatience) : std::nullopt, again, stop);
  if (memory_.accepted) {
    confirm_owed(deps,
                 owed_confirmations(settled.pending, deps_.journal.state(), memory_.accepted->workspace.jobs),
                 stop, settled);
  }
  for (const Reverted& reverted : settled.reverted) hold_reverted(reverted);
  if (settled.unsettled > 0) result_.converged = false;
  failed_ = settled.failed;
  for (const AllocationKey& key : settled.asked)
    running_[key.job] =
        "what was begun on " + key.worker.str() + " earlier still runs; its end is waited for";
  if (const JobOrders& orders = control.orders(); orders.first() && orders.first_taken_up()) {
    const JobOrder& order = *orders.first();
    waits_for_order_ =
        running_
            .emplace(order.job, std::string("`maand job ") + to_string(order.verb) + "` by " +
                                    order.word.actor + ", which an earlier daemon began, is not over")
            .second;
  }
  for (const auto& [worker, contact] : settled.set_aside) {
    memory_.set_aside[worker] = contact;
    if (contact.condition == WorkerCondition::kFenced) fenced(worker, contact.detail);
  }
}

// R2.9 max_failures: the others go on, or have gone on, without it, as they would if it had been
// known at once.
bool Pass::is_tolerated(const Reverted& reverted, const JobRecord& record) const {
  if (!memory_.accepted) return false;
  const auto job = memory_.accepted->workspace.jobs.find(record.job);
  if (job == memory_.accepted->workspace.jobs.end() || job->second.tree != reverted.tree) return false;
  const RolloutPolicy& rollout = job->second.rollout;
  if (rollout.canary > 0 && record.good_tree != reverted.tree) return false;  // it may have been one
  int failures = 0;
  const auto& allocations = deps_.journal.state().allocations;
  for (auto it = allocations.lower_bound({record.job, WorkerHost{}});
       it != allocations.end() && it->first.job == record.job; ++it) {
    const AppliedAllocation& known = it->second;
    const bool failed = known.tree == reverted.tree && known.last == LastResult::kFailed;
    failures += failed || known.rolled_back_from == reverted.tree ? 1 : 0;
  }
  return failures <= rollout.max_failures;
}

// Its worker took it back while nobody was there to see it: as if its rollout had failed now.
void Pass::hold_reverted(const Reverted& reverted) {
  const JobName& name = reverted.operation.allocation.job;
  const auto known = deps_.journal.state().jobs.find(name);
  if (known == deps_.journal.state().jobs.end() || known->second.held_tree == reverted.tree) return;
  if (is_tolerated(reverted, known->second)) return;
  JobReport report;
  report.job = name;
  report.commit = reverted.head;
  report.tree = reverted.tree;
  report.state = JobReport::State::kFailed;
  report.reason = Reason::kNotConfirmed;
  report.detail = reverted.operation.allocation.str() + ": " + reverted.outcome.detail;
  AllocationReport& allocation = report.allocations.emplace_back();
  allocation.action.key = reverted.operation.allocation;
  allocation.action.action = reverted.operation.action;
  allocation.action.new_version = reverted.operation.new_version;
  allocation.state = AllocationReport::State::kFailed;
  allocation.outcome = reverted.outcome;
  if (memory_.accepted) {
    const auto job = memory_.accepted->workspace.jobs.find(name);
    report.would_go_back = job != memory_.accepted->workspace.jobs.end() &&
                           job->second.tree == reverted.tree &&
                           job->second.rollout.on_failure == RolloutPolicy::OnFailure::kRollback;
  }
  remember_failure(report);
}

}  // namespace maand
