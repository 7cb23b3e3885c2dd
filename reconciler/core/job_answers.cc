// What an answer does to a member of a job's batch, and to the job.
#include "reconciler/core/job_run.h"

#include <string_view>
#include <utility>

namespace maand {

using AState = AllocationReport::State;
using Turn = AllocationRun::Turn;

namespace {

constexpr Seconds kTargetTimeout{600};  // R2.9: where the manifest names none

std::string why_set_aside(const Outcome& outcome) {
  switch (outcome.kind) {
    case OutcomeKind::kUnknown:
      return "contact was lost, its end is not known yet";
    case OutcomeKind::kNever:
      return "it did not begin";
    default:
      return to_string(outcome.condition);
  }
}

Seconds limit_of(const JobPlan& plan, Target target) {
  const auto known = plan.timeouts.find(target);
  return known == plan.timeouts.end() ? kTargetTimeout : known->second;
}

}  // namespace

void JobRun::enqueue(std::size_t allocation, Step::Kind kind) {
  AllocationRun& run = runs_[allocation];
  run.turn = Turn::kQueued;
  run.step = kind;
  fleet_.push({run.lane, kind, self_, allocation});
}

void JobRun::look_at(std::size_t allocation) {
  ++open_;
  enqueue(allocation, Step::Kind::kProbe);
}

void JobRun::retry_later(std::size_t allocation) {
  AllocationRun& run = runs_[allocation];
  run.turn = Turn::kRetry;
  run.step = Step::Kind::kRun;
  run.state = AState::kRunning;
  retries_.emplace(run.retry_at, allocation);
}

std::optional<Step> JobRun::hand_out(std::size_t allocation, Instant now) {
  AllocationRun& run = runs_[allocation];
  if (over() || run.turn != Turn::kQueued) return std::nullopt;
  if (run.giving_up && halting()) {
    forget_stop(allocation);
    return std::nullopt;
  }
  Step step;
  step.kind = run.step;
  step.key = run.key;
  if (run.endpoint) step.endpoint = *run.endpoint;
  if (run.step == Step::Kind::kProbe) {
    step.health = plan_.health;
  } else if (run.step == Step::Kind::kConfirm) {
    step.action = *run.planned;
    step.tree = plan_.tree;
    step.commit = plan_.commit;
    step.way_back = plan_.policy.on_failure == RolloutPolicy::OnFailure::kRollback;
  } else {
    const Contact* aside = fleet_.aside(run.lane);
    if (aside && run.doing != Action::kForget) {
      run.turn = Turn::kIdle;
      run.condition = aside->condition;
      run.begun = true;
      set_aside(allocation, to_string(aside->condition));
      if (!std::exchange(run.giving_up, false)) --open_;
      advance(now);
      return std::nullopt;
    }
    step.action = run.doing == Action::kRemove && run.removal ? *run.removal : *run.planned;
    if (run.giving_up && run.handover) step.action = *run.handover;
    step.action.action = run.doing;
    step.action.attempt = run.attempt;
    step.action.previous = run.previous;
    step.timeout = limit_of(plan_, target_of(run.doing));
    step.back_limits = {limit_of(plan_, Target::kRestart), limit_of(plan_, Target::kStop)};
    step.tree = plan_.tree;
    step.commit = plan_.commit;
    if (ships_files(run.doing)) step.ports = plan_.ports;
    // Also of one that is only stopped for its port: it has to come up again.
    const bool changes = ships_files(step.action.action) || step.action.reason == Reason::kPortHandedOver;
    if (on_trial(run)) step.confirm = plan_.policy.confirm;
    step.way_back =
        changes && !plan_.rollback && !heals(run) &&
        (plan_.policy.on_failure == RolloutPolicy::OnFailure::kRollback || plan_.policy.confirm.count() > 0);
    if (run.failures == 0) progress_ = now;
    run.begun = true;
    run.state = AState::kRunning;
  }
  run.turn = Turn::kInFlight;
  if (run.giving_up) ++stops_in_flight_;
  ++in_flight_;
  return step;
}

void JobRun::wake(Instant now) {
  if (progress_timed_out(now)) {
    fail(Reason::kProgressTimeout,
         "no allocation became healthy for " + std::to_string(plan_.policy.progress_timeout.count()) + " s");
    advance(now);
    return;
  }
  while (!retries_.empty() && retries_.begin()->first <= now) {
    const std::size_t member = retries_.begin()->second;
    retries_.erase(retries_.begin());
    enqueue(member, Step::Kind::kRun);
  }
  if (activity_ == Activity::kGate) gate_round(now);
  if (activity_ == Activity::kBake) bake_round(now);
  if (hooks_again_at_ && now >= *hooks_again_at_) {
    hooks_again_at_.reset();
    begin_hooks(HookEvent::kHealthCheck, came_through(), now);
  }
  advance(now);
}

void JobRun::gate_round(Instant now) {
  for (const std::size_t member : gate_.due(now)) enqueue(member, Step::Kind::kProbe);
}

std::optional<Instant> JobRun::wake_at() const {
  if (over() || failed_) return std::nullopt;
  std::optional<Instant> at;
  const auto earliest = [&](Instant instant) { at = at ? std::min(*at, instant) : instant; };
  if (!retries_.empty()) earliest(retries_.begin()->first);
  if (activity_ == Activity::kGate) {
    if (const auto round = gate_.wake_at()) earliest(*round);
    earliest(progress_ + plan_.policy.progress_timeout);
  }
  if (hooks_again_at_) earliest(*hooks_again_at_);
  if (only_waits_to_try_again()) earliest(progress_ + plan_.policy.progress_timeout);
  if (activity_ == Activity::kBake) {
    if (const auto round = bake_.wake_at()) earliest(*round);
  }
  return at;
}

// Looked at between two steps only: a target has a limit of its own.
bool JobRun::progress_timed_out(Instant now) const {
  const bool between = only_waits_to_try_again() ||
                       (activity_ == Activity::kGate && gate_.verdict() == HealthGate::Verdict::kOpen);
  return between && !failed_ && now - progress_ >= plan_.policy.progress_timeout;
}

void JobRun::on_contact(Fleet::Lane lane, const Contact& contact, Instant now) {
  if (contacts_.erase(lane) == 0) return;
  const auto found = find(fleet_.host(lane));
  if (found && contact.condition != WorkerCondition::kNone) on_set_aside(*found, contact);
  advance(now);
}

void JobRun::on_set_aside(std::size_t allocation, const Contact& contact) {
  AllocationRun& run = runs_[allocation];
  if (over()) return;
  const bool queued = run.turn != Turn::kIdle && run.step == Step::Kind::kRun;
  if (run.planned && run.state == AState::kPending && !queued && run.doing != Action::kForget) {
    run.condition = contact.condition;
    set_aside(allocation, to_string(contact.condition));
  } else if (run.active >= 0) {
    availability_.set_out_of_reach(static_cast<std::size_t>(run.active), to_string(contact.condition));
  }
}

bool JobRun::on_probe(std::size_t allocation, Health health, const std::string& detail, Instant now) {
  AllocationRun& run = runs_[allocation];
  run.health = health;
  run.probed_at = now;
  if (run.active >= 0) {
    const auto active = static_cast<std::size_t>(run.active);
    availability_.set_health(active, health);
    upgrade_queue_.set_unavailable(allocation, availability_.unavailable(active));
  }
  if (run.turn != Turn::kInFlight || run.step != Step::Kind::kProbe) {  // news from elsewhere
    run.watched = health;
    return false;
  }
  run.turn = Turn::kIdle;
  --in_flight_;
  if (activity_ == Activity::kGate) {
    run.detail = health == Health::kHealthy ? "" : detail;
    if (gate_.on_probe(allocation, health == Health::kHealthy)) {
      run.came_up = true;
      progress_ = now;
    }
  } else if (activity_ == Activity::kBake) {
    run.detail = health == Health::kHealthy ? "" : detail;
    bake_.on_probe(allocation, health == Health::kHealthy);
  } else if (!over()) {
    --open_;
  }
  advance(now);
  return true;
}

bool JobRun::on_outcome(std::size_t allocation, const Outcome& outcome, Instant now) {
  AllocationRun& run = runs_[allocation];
  if (run.turn == Turn::kInFlight && run.step == Step::Kind::kConfirm) {
    on_confirmation(allocation, outcome, now);
    return true;
  }
  if (run.turn != Turn::kInFlight || run.step != Step::Kind::kRun) return false;
  run.turn = Turn::kIdle;
  --in_flight_;
  const Settled settled = settle(run, outcome, plan_.policy, now);
  if (concerns_worker(run.condition)) {
    fleet_.set_aside(run.lane, {run.condition, outcome.detail});
  } else if (outcome.kind == OutcomeKind::kSucceeded || outcome.kind == OutcomeKind::kFailed) {
    fleet_.heard(run.lane, now);
  }
  if (run.giving_up) {
    end_of_stop(allocation, settled, now);
    return true;
  }
  switch (settled.kind) {
    case Settled::Kind::kConfirmed:
      confirmed(allocation);
      break;
    case Settled::Kind::kAgain:
      enqueue(allocation, Step::Kind::kRun);
      if (halting()) cancel(allocation);
      break;
    case Settled::Kind::kLater:
      retry_later(allocation);
      if (halting()) cancel(allocation);
      break;
    case Settled::Kind::kFailed:
      member_failed(allocation, settled.reason);
      break;
    case Settled::Kind::kSetAside:
      if (may_be_cut_off(run, outcome)) {
        run.detail = "contact was lost and nothing new could be had" +
                     (outcome.detail.empty() ? "" : ": " + outcome.detail);
        member_failed(allocation, Reason::kNotConfirmed);
        break;
      }
      set_aside(allocation, why_set_aside(outcome));
      --open_;
      break;
  }
  advance(now);
  return true;
}

void JobRun::confirmed(std::size_t allocation) {
  AllocationRun& run = runs_[allocation];
  const Action done = run.doing;
  if (done == Action::kStage) {
    run.plan(*run.planned);  // the start itself comes later, with its own attempts
    run.failures = 0;
    run.staged = true;
    run.outcome.reset();
    run.state = AState::kPending;
    ++ready_;
    --open_;
    return;
  }
  if (done == Action::kStop) run.running = false;
  // What may be taken back may want its ports again.
  run.awaits = run.outcome && run.outcome->confirmation == Confirmation::kPending;
  if ((target_of(done) != Target::kNone || done == Action::kControl) && !run.awaits)
    fleet_.let_go(run.lane, run.key);
  if (ships_files(done)) {
    run.version = run.planned->new_version;
    run.running = run.running || target_of(done) != Target::kNone || done == Action::kControl;
  }
  if (done == Action::kControl && std::string_view(plan_.hooks.target) == "stop") run.running = false;
  if (done == Action::kStop && run.removal) {
    run.doing = Action::kRemove;
    run.attempt = run.removal->attempt;
    run.previous = Previous::kNone;
    run.failures = 0;
    enqueue(allocation, Step::Kind::kRun);
    if (halting()) cancel(allocation);
    return;
  }
  run.state = AState::kDone;
  if (run.active >= 0) {
    availability_.set_failed(static_cast<std::size_t>(run.active), false);
    availability_.set_stopped(static_cast<std::size_t>(run.active), false);
  }
  --open_;
}

void JobRun::member_failed(std::size_t allocation, Reason reason) {
  AllocationRun& run = runs_[allocation];
  run.state = AState::kFailed;
  if (run.active >= 0) availability_.set_failed(static_cast<std::size_t>(run.active), true);
  --open_;
  // R3.10: a removal that fails is told and tried again with the next head; it
  // says nothing about the content the others run.
  if (plan_.leaving || run.leaves() || !run.planned || target_of(run.planned->action) == Target::kNone) {
    if (run.doing == Action::kStop || run.doing == Action::kRemove || run.doing == Action::kForget) {
      removal_failed_ = true;
      return;
    }
  }
  const std::string what =
      run.key.str() + ": " + to_string(run.doing) + " failed" + (run.detail.empty() ? "" : ": " + run.detail);
  if (!tolerates(reason, 1, what)) fail(reason, what);
}

void JobRun::fail(Reason reason, std::string detail) {
  if (failed_) return;
  failed_ = true;
  reason_ = plan_.rollback ? Reason::kRollbackFailed : reason;
  detail_ = (plan_.rollback ? to_string(reason) + std::string(": ") : "") + std::move(detail);
  cancel_waiting();
}

void JobRun::cancel_waiting() {
  contacts_.clear();
  if (activity_ == Activity::kLook) {
    for (std::size_t i = 0; i < runs_.size(); ++i) cancel(i);
  } else {
    for (const std::size_t member : batch_) cancel(member);
  }
}

// What waits for its turn will not have one.
void JobRun::cancel(std::size_t allocation) {
  AllocationRun& run = runs_[allocation];
  if (run.turn != Turn::kQueued && run.turn != Turn::kRetry && run.turn != Turn::kParked) return;
  if (run.turn == Turn::kParked) --parked_;
  if (run.giving_up) return forget_stop(allocation);
  if (run.turn == Turn::kRetry) retries_.erase({run.retry_at, allocation});
  run.turn = Turn::kIdle;
  // They count their probes by themselves.
  if (activity_ == Activity::kGate || activity_ == Activity::kBake) return;
  --open_;
  if (run.step != Step::Kind::kRun) return;
  if (stopping_) cut_short_ = true;
  run.state = run.failures > 0 ? AState::kFailed : AState::kNotReached;
}

}  // namespace maand
