#include "reconciler/core/job_run.h"

#include <algorithm>
#include <utility>

namespace maand {

using AState = AllocationReport::State;
using JState = JobReport::State;

JobRun::JobRun(JobPlan plan, std::uint32_t self, Fleet& fleet, PortHolders& holders)
    : plan_(std::move(plan)), self_(self), fleet_(fleet), holders_(holders), availability_(plan_) {
  runs_.reserve(plan_.active.size() + plan_.drains.size() + plan_.removals.size());
  std::vector<std::size_t> drains;
  take_in(plan_.drains, drains);
  for (const PlannedAction& removal : plan_.removals) {
    const auto stopped = find(removal.key.worker);
    if (stopped) {
      runs_[*stopped].removal = &removal;  // R2.1: only after its stop was confirmed
    } else {
      loose_.push_back(add(removal.key, nullptr));
      runs_[loose_.back()].plan(removal);
    }
  }
  take_in(plan_.starts, starts_);
  take_in(plan_.upgrades, upgrades_);
  std::erase_if(upgrades_, [this](std::size_t i) {
    if (runs_[i].planned->action != Action::kControl) return false;
    controlled_.push_back(i);
    return true;
  });
  for (std::size_t i = 0; i < plan_.active.size(); ++i) {
    const ActiveAllocation& active = plan_.active[i];
    AllocationRun& run = runs_[add(active.key, active.endpoint.get())];
    run.active = static_cast<int>(i);
    run.version = active.version;
    run.running = active.running;
    run.health = active.health;
    run.watched = active.health;
  }
  for (std::size_t i = 0; i < plan_.waits.size(); ++i) {
    if (const auto taker = find(plan_.waits[i].taker.worker)) runs_[*taker].waits.push_back(i);
  }
  for (const PlannedAction& handover : plan_.handovers) {
    if (const auto holder = find(handover.key.worker)) runs_[*holder].handover = &handover;
  }
  for (const std::size_t upgrade : upgrades_) {
    const int active = runs_[upgrade].active;
    if (!runs_[upgrade].waits.empty()) {
      waiting_upgrades_.insert(upgrade);
      continue;
    }
    upgrade_queue_.add(upgrade, active >= 0 && availability_.unavailable(static_cast<std::size_t>(active)));
  }
  for (const std::size_t drain : drains) runs_[drain].running = true;
  moves_ = !plan_.leaving && !starts_.empty() &&
           std::any_of(drains.begin(), drains.end(), [&](std::size_t i) { return runs_[i].leaves(); });
  for (const std::size_t drain : drains) {
    (moves_ && runs_[drain].leaves() ? moving_ : drains_).push_back(drain);
  }
  pairs_ = static_cast<int>(std::min(moving_.size(), starts_.size()));
  free_drains_ = static_cast<int>(moving_.size()) - pairs_;
  choose_phases();
  if (plan_.hooks.control_ran) {  // nothing is left to be done for them but to put it on record
    control_ran_ = true;
    for (const std::size_t one : controlled_) runs_[one].staged = true;
  }
  canary_left_ = plan_.rollback ? 0 : plan_.policy.canary;
  failed_members_ = plan_.failed_before;
  bake_owed_ = plan_.bake_left;
  if (!plan_.has_actions() && !plan_.bakes() && !plan_.owes_hooks())
    finish();  // held, or only there as an upstream
}

std::size_t JobRun::add(const AllocationKey& key, const Endpoint* endpoint) {
  const auto [it, added] = by_worker_.emplace(key.worker, runs_.size());
  if (added) {
    AllocationRun& fresh = runs_.emplace_back();
    fresh.key = key;
    fresh.lane = fleet_.lane(key.worker);
    const auto named = plan_.endpoints.find(key.worker);
    if (named != plan_.endpoints.end()) fresh.endpoint = named->second.get();
  }
  AllocationRun& run = runs_[it->second];
  if (!run.endpoint) run.endpoint = endpoint;
  return it->second;
}

void JobRun::take_in(const std::vector<PlannedAction>& actions, std::vector<std::size_t>& numbers) {
  for (const PlannedAction& action : actions) {
    numbers.push_back(add(action.key, nullptr));
    runs_[numbers.back()].plan(action);
  }
}

void JobRun::choose_phases() {
  if (moves_ && plan_.policy.move == RolloutPolicy::Move::kStartFirst) {
    phases_ = {Phase::kStart, Phase::kDrain, Phase::kUpgrade};
  } else {
    if (moves_) phases_.push_back(Phase::kStage);
    phases_.insert(phases_.end(), {Phase::kDrain, Phase::kStart, Phase::kUpgrade});
    if (!controlled_.empty()) phases_.insert(phases_.begin() + (moves_ ? 2 : 1), Phase::kControl);
  }
  if (!plan_.waits.empty() || !plan_.handovers.empty()) phases_.push_back(Phase::kLateStart);
  // What was started late lets its old allocation go.
  if (moves_ && !plan_.waits.empty() && phases_.front() == Phase::kStart) phases_.push_back(Phase::kDrain);
}

void JobRun::begin(Instant now) {
  activity_ = Activity::kLook;
  state_ = JState::kRunning;
  if (moves_ || !upgrades_.empty()) {
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      AllocationRun& run = runs_[i];
      if (run.active < 0 || run.giving_up) continue;
      const Fleet::Reach reach = fleet_.contact(run.lane, self_, *run.endpoint, now);
      if (reach == Fleet::Reach::kAsking) contacts_.insert(run.lane);
      if (reach != Fleet::Reach::kSetAside && has_checks() && run.running) look_at(i);
    }
  }
  enter_phase();
  advance(now);
}

void JobRun::block(const std::string& detail, Reason reason) {
  wait_for(reason, detail);
  finish();
}

void JobRun::stop(Reason reason, const std::string& detail, Instant now) {
  if (over()) return;
  // What goes on until its boundary is given up as well when this daemon leaves.
  const bool leaves = reason == Reason::kStopping || reason == Reason::kFenced;
  if (stopping_ && !leaves) return;
  if (std::exchange(stopping_, true)) {
    stop_reason_ = reason;
    stop_detail_ = detail;
    return;
  }
  stop_reason_ = reason;
  stop_detail_ = detail;
  if (pending()) {
    cut_short_ = true;
    finish();
    return;
  }
  if (activity_ == Activity::kBake) {  // R5.5: its clock stops at once
    bake_owed_ = bake_.left(now);
    cancel_waiting();
    finish();
    return;
  }
  if (activity_ != Activity::kGate && activity_ != Activity::kConfirm) cancel_waiting();
  if (activity_ == Activity::kPorts) next_batch(now);
  advance(now);
}

void JobRun::advance(Instant now) {
  while (!over()) {
    if (failed_) {
      if (in_flight_ == 0) finish();
      return;
    }
    switch (activity_) {
      case Activity::kPending:
      case Activity::kPorts:  // look_for_ports goes on
      case Activity::kHooks:  // on_hooks goes on
      case Activity::kOver:
        return;
      case Activity::kWindUp:
        if (stops_in_flight_ > 0) return;
        finish();
        break;
      case Activity::kLook:
        if (open_ > 0 || !contacts_.empty()) return;
        if (!take_up_bake(now)) next_batch(now);
        break;
      case Activity::kFreshen:
        if (open_ > 0) return;
        begin_members();
        break;
      case Activity::kBatch:
        if (open_ > 0) return;
        after_batch(now);
        break;
      case Activity::kGate:
        if (gate_.verdict() == HealthGate::Verdict::kOpen) return;
        if (gate_.verdict() == HealthGate::Verdict::kFailed) {
          gate_failed(gate_.failing(), now);
        } else {
          probes_passed(now);
        }
        break;
      case Activity::kConfirm:
        if (open_ > 0) return;
        after_gate(now);
        break;
      case Activity::kBake:
        if (bake_.verdict(now) == Bake::Verdict::kOpen) return;
        if (bake_.verdict(now) == Bake::Verdict::kFailed) {
          gate_failed(bake_.failing(), now);
        } else {
          bake_owed_ = {};
          progress_ = now;
          next_batch(now);
        }
        break;
    }
  }
}

void JobRun::next_batch(Instant now) {
  batch_.clear();
  for (; phase_ < phases_.size(); ++phase_, enter_phase()) {
    if (stopping_ && more_in_phase()) {
      cut_short_ = true;
      break;
    }
    must_wait_ = false;
    batch_ = take_batch();
    if (batch_.empty() && must_wait_) {
      activity_ = Activity::kPorts;
      return;
    }
    if (batch_.empty()) continue;
    ++batch_number_;
    run_batch(now);
    return;
  }
  through(now);
}

void JobRun::run_batch(Instant now) {
  activity_ = Activity::kFreshen;
  open_ = 0;
  if (phases_[phase_] != Phase::kUpgrade || !has_checks()) return;
  for (const std::size_t member : batch_) {
    const AllocationRun& run = runs_[member];
    const bool fresh = run.probed_at && now - *run.probed_at <= plan_.health.interval;
    if (run.running && !fresh) look_at(member);
  }
}

void JobRun::begin_members() {
  if (stopping_) {  // while they were looked at
    cut_short_ = true;
    finish();
    return;
  }
  activity_ = Activity::kBatch;
  std::erase_if(batch_, [&](std::size_t i) { return runs_[i].state != AState::kPending; });
  if (phases_[phase_] == Phase::kUpgrade) give_back_recovered();
  std::erase_if(batch_, [&](std::size_t i) { return !begin_or_park(i); });
  open_ = batch_.size();
  canary_batch_ = canary_left_ > 0 && comes_up();
  if (comes_up() && open_ > 0) {
    canary_left_ = std::max(0, canary_left_ - static_cast<int>(open_));
    if (!plan_.rollback) {
      bake_owed_ = plan_.policy.bake;
      bake_begun_ = true;
    }
  }
  for (const std::size_t member : batch_) {
    AllocationRun& run = runs_[member];
    // What is tried again because it failed is to come up now; it is no bystander.
    const bool tried_again = run.planned && run.planned->previous == Previous::kFailed;
    // The look was made with the new checks, which what runs may never have answered
    // (another port, another path); it was ill only if its own checks said so, too.
    run.exempt = !plan_.rollback && run.running && run.health == Health::kUnhealthy &&
                 run.watched == Health::kUnhealthy && !tried_again;
    if (run.turn != AllocationRun::Turn::kParked) enqueue(member, Step::Kind::kRun);
  }
}

void JobRun::after_batch(Instant now) {
  // R2.9: a canary that could not be reached has shown nothing; others go first in its place.
  if (canary_batch_) {
    canary_left_ += static_cast<int>(std::count_if(
        batch_.begin(), batch_.end(), [this](std::size_t i) { return runs_[i].state != AState::kDone; }));
  }
  if (phases_[phase_] == Phase::kDrain) return run_stopped_hooks(now);
  if (phases_[phase_] == Phase::kControl && !control_ran_) return begin_control(now);
  if (!comes_up()) return next_batch(now);
  if (!run_started_hooks(now)) after_started(now);
}

void JobRun::after_started(Instant now) {
  health_tries_ = 0;
  if (!has_checks()) return probes_passed(now);
  activity_ = Activity::kGate;
  gate_.open(plan_.health, now);
  for (const std::size_t member : batch_) {
    if (runs_[member].state == AState::kDone && runs_[member].active >= 0) {
      gate_.add(member, runs_[member].exempt);
    }
  }
  gate_round(now);
}

// Of the gate, or of the bake after it.
void JobRun::gate_failed(const std::vector<std::size_t>& failing, Instant now) {
  Batch again;
  std::string names;
  int failed = 0;
  for (const std::size_t member : failing) {
    AllocationRun& run = runs_[member];
    // R2.7: not its own fault. Of what can cut off a worker it may well be.
    if (const Contact* aside = run.awaits ? nullptr : fleet_.aside(run.lane)) {
      run.condition = aside->condition;
      set_aside(member, to_string(aside->condition));
      continue;
    }
    // Nothing can begin there before the worker has gone back.
    const bool may_retry = run.planned && !run.awaits && try_again(run, plan_.policy, now);
    if (may_retry && !stopping_) {
      again.push_back(member);
      continue;
    }
    run.state = AState::kFailed;
    run.detail = "not healthy" + (run.detail.empty() ? "" : ": " + run.detail);
    if (may_retry) {
      cut_short_ = true;
    } else {
      names += (names.empty() ? "" : ", ") + run.key.str() + " " + run.detail;
      ++failed;
    }
  }
  if (!names.empty() && !tolerates(Reason::kGateFailed, failed, names)) {
    for (const std::size_t member : again) runs_[member].state = AState::kFailed;
    fail(Reason::kGateFailed, names);
    return;
  }
  if (again.empty()) return gate_passed(now);
  activity_ = Activity::kBatch;
  batch_ = std::move(again);
  open_ = batch_.size();
  for (const std::size_t member : batch_) retry_later(member);
}

void JobRun::finish() {
  if (stops_in_flight_ > 0) {
    activity_ = Activity::kWindUp;
    return;
  }
  activity_ = Activity::kOver;
  leave_unconfirmed();
  for (AllocationRun& run : runs_) {
    if (!run.planned) continue;
    if (run.state == AState::kPending || run.state == AState::kRunning) run.state = AState::kNotReached;
  }
  cut_short_ = cut_short_ || (stopping_ && bake_owed_.count() > 0);
  if (failed_) {
    state_ = JState::kFailed;
  } else if (cut_short_) {
    state_ = JState::kStopped;
    reason_ = stop_reason_;
    detail_ = stop_detail_;
  } else if (waiting_) {
    state_ = JState::kWaiting;
  } else if (!tolerated_.empty()) {
    state_ = JState::kDegraded;
    reason_ = tolerated_reason_;
    detail_ = "within rollout.max_failures: " + tolerated_;
  } else if (removal_failed_) {
    state_ = JState::kDegraded;
    reason_ = Reason::kStopFailed;
    detail_ = names_of(AState::kFailed);
  } else if (set_aside_) {
    state_ = JState::kDegraded;
    reason_ = Reason::kWorkerCondition;
    detail_ = names_of(AState::kSetAside);
  } else if (plan_.rollback && plan_.unsettled) {
    state_ = JState::kDegraded;
    reason_ = Reason::kUnsettled;
  } else if (plan_.rollback) {
    state_ = JState::kRolledBack;
    reason_ = Reason::kRolledBack;
  } else {
    const bool waits = plan_.held && plan_.held_reason == Reason::kWindowClosed;
    state_ = waits ? JState::kWaiting : plan_.held ? JState::kHeld : JState::kDone;
    reason_ = plan_.held ? plan_.held_reason : Reason::kUnchanged;
    detail_ = plan_.held ? plan_.held_detail : "";
  }
}

}  // namespace maand
