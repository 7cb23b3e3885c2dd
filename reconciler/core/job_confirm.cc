// What counts only once it is confirmed over a new connection (R2.9 confirm_seconds). Until
// then its worker may take it back by itself, so nothing else of the job goes on.
#include <utility>

#include "reconciler/core/job_run.h"

namespace maand {

using AState = AllocationReport::State;

// Of the batch, as far as it is healthy, or excused.
void JobRun::gate_passed(Instant now) {
  open_ = 0;
  for (const std::size_t member : batch_) {
    if (!runs_[member].awaits || runs_[member].state != AState::kDone) continue;
    ++open_;
    enqueue(member, Step::Kind::kConfirm);
  }
  if (open_ == 0) return after_gate(now);
  activity_ = Activity::kConfirm;
}

void JobRun::on_confirmation(std::size_t allocation, const Outcome& outcome, Instant now) {
  AllocationRun& run = runs_[allocation];
  run.turn = AllocationRun::Turn::kIdle;
  --in_flight_;
  --open_;
  if (outcome.kind == OutcomeKind::kSucceeded && outcome.confirmation != Confirmation::kPending) {
    run.awaits = false;
    progress_ = now;
    fleet_.let_go(run.lane, run.key);
  } else if (!is_leaving(outcome) || outcome.confirmation == Confirmation::kReverted) {
    // One that nobody can ask any more is on its way back by now: whatever is done next
    // might cut off the next worker.
    run.awaits = false;
    run.outcome = outcome;
    run.state = AState::kFailed;
    run.version = run.planned->current_version;
    if (run.active >= 0) availability_.set_failed(static_cast<std::size_t>(run.active), true);
    run.detail = outcome.confirmation == Confirmation::kReverted
                     ? outcome.detail
                     : "no new connection could confirm it, so its worker goes back by itself" +
                           (outcome.detail.empty() ? "" : ": " + outcome.detail);
    const std::string what = run.key.str() + ": " + run.detail;
    if (!tolerates(Reason::kNotConfirmed, 1, what)) fail(Reason::kNotConfirmed, what);
  }
  advance(now);
}

// R5.9: what is put right is what was confirmed. There is nothing to go back to, and on the
// worker it is not what it should be.
bool JobRun::heals(const AllocationRun& run) const {
  return run.planned && run.planned->reason == Reason::kDrifted;
}

bool JobRun::on_trial(const AllocationRun& run) const {
  return plan_.policy.confirm.count() > 0 && !plan_.rollback && !heals(run) && ships_files(run.doing) &&
         target_of(run.doing) != Target::kNone;
}

// This daemon goes, or may not write any more: somebody else will see what became of it.
bool JobRun::is_leaving(const Outcome& outcome) const {
  const bool goes = stop_reason_ == Reason::kStopping || stop_reason_ == Reason::kFenced;
  return (stopping_ && goes) || outcome.condition == WorkerCondition::kFenced;
}

// Contact was lost while its target may have run: with what can cut off a worker that may be
// its doing, and the next one is not to follow.
bool JobRun::may_be_cut_off(const AllocationRun& run, const Outcome& outcome) const {
  return on_trial(run) && outcome.kind == OutcomeKind::kUnknown && !is_leaving(outcome);
}

// The job ends, and nobody is going to confirm these. A daemon that comes back may.
void JobRun::leave_unconfirmed() {
  for (AllocationRun& run : runs_) {
    if (!std::exchange(run.awaits, false)) continue;
    const bool failed = failed_ || run.state == AState::kFailed;
    run.state = failed ? AState::kFailed : AState::kSetAside;
    const std::string why =
        failed ? "it is not confirmed, so its worker goes back by itself" : "it is not confirmed yet";
    run.detail += (run.detail.empty() ? "" : "; ") + why;
    set_aside_ = set_aside_ || !failed;
  }
}

}  // namespace maand
