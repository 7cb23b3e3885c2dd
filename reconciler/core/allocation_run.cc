#include "reconciler/core/allocation_run.h"

#include <algorithm>

namespace maand {
namespace {

// R2.1: what failed or was interrupted is run as a start if it was one, else as a restart.
Action again(Action action) {
  return action == Action::kReload || action == Action::kRestart ? Action::kRestart : action;
}

void again_after(AllocationRun& run, Previous previous) {
  run.doing = again(run.doing);
  run.attempt += 1;
  run.previous = previous;
}

Settled interrupted(AllocationRun& run, const Outcome& outcome) {
  if (run.interrupted) {
    return {Settled::Kind::kFailed,
            run.boot != outcome.boot_id ? Reason::kRebootLoop : Reason::kTargetFailed};
  }
  run.interrupted = true;
  run.boot = outcome.boot_id;
  again_after(run, Previous::kInterrupted);
  return {Settled::Kind::kAgain, {}};
}

}  // namespace

void AllocationRun::plan(const PlannedAction& action) {
  planned = &action;
  key = action.key;
  doing = action.action;
  attempt = action.attempt;
  previous = action.previous;
  // An earlier rollout may have seen it interrupted: then the next time is the second.
  interrupted = action.previous == Previous::kInterrupted;
  boot = action.interrupted_boot;
}

bool AllocationRun::leaves() const {
  return planned && planned->action == Action::kStop && planned->reason == Reason::kLeft;
}

bool try_again(AllocationRun& run, const RolloutPolicy& policy, Instant now) {
  if (++run.failures >= policy.attempts) return false;
  constexpr int kLongest = 8;  // 256 s: what R2.7 calls enough between two tries
  run.retry_at = now + std::chrono::seconds(1LL << std::min(run.failures - 1, kLongest));
  again_after(run, Previous::kFailed);
  return true;
}

Settled settle(AllocationRun& run, const Outcome& outcome, const RolloutPolicy& policy, Instant now) {
  using Kind = Settled::Kind;
  run.outcome = outcome;
  run.detail = outcome.detail;
  switch (outcome.kind) {
    case OutcomeKind::kSucceeded:
      return {Kind::kConfirmed, {}};
    case OutcomeKind::kFailed:
      if (outcome.confirmation == Confirmation::kReverted) return {Kind::kFailed, Reason::kNotConfirmed};
      if (outcome.missing_target) return {Kind::kFailed, Reason::kMissingTarget};
      if (try_again(run, policy, now)) return {Kind::kLater, {}};
      return {Kind::kFailed, run.doing == Action::kStop ? Reason::kStopFailed : Reason::kTargetFailed};
    case OutcomeKind::kInterrupted:
      return interrupted(run, outcome);
    case OutcomeKind::kCondition:
      if (outcome.port_claimed) return {Kind::kFailed, Reason::kPortClaimed};
      run.condition = outcome.condition;
      return {Kind::kSetAside, {}};
    case OutcomeKind::kNever:
    case OutcomeKind::kUnknown:
      return {Kind::kSetAside, {}};
  }
  return {Kind::kSetAside, {}};
}

bool concerns_worker(WorkerCondition condition) {
  return condition != WorkerCondition::kNone && condition != WorkerCondition::kBusy;
}

}  // namespace maand
