// Ports that change hands: whom of a job they keep waiting, and who gives one up.
//
// A taker that has to wait is kept out of its batch, so that it holds up nobody; the
// job sleeps (kPorts) when only such are left. A holder that was asked stops outside
// of its own batches, within what availability allows (R2.5), and is then first in
// line to come up again.
#include <algorithm>
#include <tuple>
#include <utility>

#include "reconciler/core/job_run.h"

namespace maand {

using AState = AllocationReport::State;
using JState = JobReport::State;
using Turn = AllocationRun::Turn;
using Will = PortHolders::Will;

// ---- as a taker

// What is to be expected of all who have a port of `allocation`: the worst of it.
// REQUIRES: somebody has.
Will JobRun::ports_of(std::size_t allocation) const {
  Will worst = Will::kStop;
  for (const std::size_t wait : runs_[allocation].waits) {
    const Will will = holders_.look(plan_.waits[wait]);
    if (will == Will::kKeep) return will;
    if (will == Will::kLetGo) worst = will;  // nobody is stopped before everybody else has let go
  }
  return worst;
}

// False: it has to wait, and is where it will be found again; or it is set aside.
bool JobRun::may_begin(std::size_t allocation) {
  AllocationRun& run = runs_[allocation];
  if (run.waits.empty()) return true;
  switch (ports_of(allocation)) {
    case Will::kStop:
      return true;
    case Will::kLetGo:
      put_back(allocation);
      return false;
    case Will::kKeep:
      leave_waiting(allocation);
      return false;
  }
  return false;
}

// R2.3: an old allocation stops only for a new one that nothing blocks.
bool JobRun::may_stage(std::size_t allocation) {
  if (runs_[allocation].waits.empty()) return true;
  const Will will = ports_of(allocation);
  if (will == Will::kKeep) leave_waiting(allocation);
  if (will == Will::kLetGo && !promises_do_) must_wait_ = true;
  return will == Will::kStop || (will == Will::kLetGo && promises_do_);
}

void JobRun::admit_upgrades() {
  for (const std::size_t upgrade : std::exchange(waiting_upgrades_, {})) {
    if (runs_[upgrade].giving_up) {
      waiting_upgrades_.insert(upgrade);
      continue;
    }
    if (runs_[upgrade].state != AState::kPending || !may_begin(upgrade)) continue;
    const int active = runs_[upgrade].active;
    upgrade_queue_.add(upgrade, active >= 0 && availability_.unavailable(static_cast<std::size_t>(active)));
  }
}

void JobRun::put_back(std::size_t allocation) {
  const PlannedAction* planned = runs_[allocation].planned;
  const bool starts = std::any_of(plan_.starts.begin(), plan_.starts.end(),
                                  [planned](const PlannedAction& one) { return &one == planned; });
  (starts ? late_starts_ : waiting_upgrades_).insert(allocation);
}

// At the last moment before its step: whoever has to be stopped for it is asked now.
// False: it is out of the batch.
bool JobRun::begin_or_park(std::size_t allocation) {
  AllocationRun& run = runs_[allocation];
  // Nobody asked it to stop, and so it runs.
  if (run.handover && run.running && run.doing == Action::kStart) run.doing = Action::kRestart;
  if (run.waits.empty() || run.doing == Action::kStage) return true;
  if (!may_begin(allocation)) return false;
  for (const std::size_t wait : run.waits) holders_.stop(plan_.waits[wait]);
  run.turn = Turn::kParked;
  ++parked_;
  return true;
}

// Somebody keeps its port: told, and left to a later pass. What runs goes on running.
void JobRun::leave_waiting(std::size_t allocation) {
  AllocationRun& run = runs_[allocation];
  std::string why;
  for (const std::size_t index : run.waits) {
    const PortWait& wait = plan_.waits[index];
    why += (why.empty() ? "" : ", ") + std::string("port ") + std::to_string(wait.port) +
           " is still held by " + wait.holder.str();
    if (!wait.why.empty()) why += ", which " + wait.why;
  }
  wait_for(Reason::kPortConflict, run.key.str() + ": " + why);
  if (run.staged && run.state == AState::kPending) --ready_;
  run.state = AState::kSetAside;
  run.detail = std::move(why);
  set_aside_ = true;
  upgrade_queue_.drop(allocation);
}

void JobRun::on_let_go(std::size_t allocation, const AllocationKey& holder) {
  std::erase_if(runs_[allocation].waits, [&](std::size_t wait) {
    return plan_.waits[wait].holder == holder && plan_.waits[wait].how != PortWait::How::kKeeps;
  });
}

bool JobRun::look_for_ports(Instant now) {
  const auto where = [this] {
    return std::tuple(activity_, phase_, parked_, waiting_upgrades_.size(), late_starts_.size());
  };
  const auto before = where();
  for (const std::size_t member : batch_) {
    AllocationRun& run = runs_[member];
    if (run.turn != Turn::kParked) continue;
    const bool keeps = !run.waits.empty() && ports_of(member) == Will::kKeep;
    if (!run.waits.empty() && !keeps) continue;
    --parked_;
    run.turn = Turn::kIdle;
    if (keeps) {
      leave_waiting(member);
      --open_;
    } else {
      enqueue(member, Step::Kind::kRun);
    }
  }
  if (activity_ == Activity::kPorts) next_batch(now);
  advance(now);
  return where() != before;
}

void JobRun::give_up_ports(Instant now) {
  for (const std::size_t member : batch_) {
    if (runs_[member].turn != Turn::kParked) continue;
    --parked_;
    runs_[member].turn = Turn::kIdle;
    leave_waiting(member);
    --open_;
  }
  if (activity_ == Activity::kPorts) {
    std::set<std::size_t> waiting = std::exchange(waiting_upgrades_, {});
    waiting.merge(std::exchange(late_starts_, {}));
    if (phases_[phase_] == Phase::kStage) waiting.insert(starts_.begin(), starts_.end());
    for (const std::size_t member : waiting) {
      const AllocationRun& run = runs_[member];
      if (run.state == AState::kPending && !run.waits.empty()) leave_waiting(member);
    }
    next_batch(now);
  }
  advance(now);
}

// Once, for a job that moves: its old allocations may be what the others wait for. True: something new can be
// tried.
bool JobRun::rely_on_promises(Instant now) {
  if (activity_ != Activity::kPorts || !moves_ || promises_do_ || moving_.empty()) return false;
  const Phase phase = phases_[phase_];
  if (phase != Phase::kStage && phase != Phase::kLateStart) return false;
  promises_do_ = true;
  if (phase == Phase::kLateStart) {  // start_first cannot be had: the old ones go, then these come
    const auto next = phases_.begin() + static_cast<std::ptrdiff_t>(phase_) + 1;
    phases_.insert(next, {Phase::kDrain, Phase::kLateStart});
    ++phase_;
    enter_phase();
  }
  next_batch(now);
  advance(now);
  return true;
}

// ---- as a holder

Will JobRun::will_let_go(std::size_t allocation, const PortWait& wait) const {
  const AllocationRun& run = runs_[allocation];
  if (over() || !run.planned) return Will::kKeep;
  if (run.giving_up && run.turn == Turn::kInFlight) return Will::kLetGo;
  if (halting() || activity_ == Activity::kWindUp) return Will::kKeep;
  if (run.awaits) return Will::kLetGo;
  if (run.state != AState::kPending && run.state != AState::kRunning) return Will::kKeep;
  if (wait.how != PortWait::How::kStops || run.giving_up || run.gave_up) return Will::kLetGo;
  if (!run.handover && run.planned->action != Action::kStop) return Will::kLetGo;  // of an older plan
  if (pending()) return Will::kStop;
  const bool engaged = run.turn != Turn::kIdle || run.state != AState::kPending ||
                       std::find(batch_.begin(), batch_.end(), allocation) != batch_.end();
  if (engaged || activity_ == Activity::kLook) return Will::kLetGo;
  return has_room_to_stop(allocation) ? Will::kStop : Will::kLetGo;
}

// R2.5, for a stop that no batch of ours has asked for.
bool JobRun::has_room_to_stop(std::size_t allocation) const {
  const int active = runs_[allocation].active;
  if (active < 0 || plan_.released) return true;
  if (availability_.unavailable(static_cast<std::size_t>(active))) return true;
  int out = availability_.count() + 1;
  for (const std::size_t member : batch_) {
    const int other = runs_[member].active;
    if (other >= 0 && !availability_.unavailable(static_cast<std::size_t>(other))) ++out;
  }
  return out <= availability_.limit();
}

void JobRun::stop_for_port(std::size_t allocation) {
  AllocationRun& run = runs_[allocation];
  run.giving_up = true;
  run.doing = Action::kStop;
  upgrade_queue_.drop(allocation);
  if (run.active >= 0) availability_.set_stopped(static_cast<std::size_t>(run.active), true);
  if (run.handover) put_back(allocation);  // where it waits for the end of the stop
  enqueue(allocation, Step::Kind::kRun);
}

// The stop did not begin and will not.
void JobRun::forget_stop(std::size_t allocation) {
  AllocationRun& run = runs_[allocation];
  if (run.turn == Turn::kRetry) retries_.erase({run.retry_at, allocation});
  run.turn = Turn::kIdle;
  run.giving_up = false;
  if (run.active >= 0) availability_.set_stopped(static_cast<std::size_t>(run.active), false);
  run.state = run.failures > 0 ? AState::kFailed : AState::kNotReached;
  cut_short_ = cut_short_ || stopping_;
}

void JobRun::end_of_stop(std::size_t allocation, const Settled& settled, Instant now) {
  AllocationRun& run = runs_[allocation];
  --stops_in_flight_;
  const bool no_more = over() || halting() || activity_ == Activity::kWindUp;
  switch (settled.kind) {
    case Settled::Kind::kAgain:
      if (no_more) {
        forget_stop(allocation);
      } else {
        enqueue(allocation, Step::Kind::kRun);
      }
      break;
    case Settled::Kind::kLater:
      retry_later(allocation);
      if (no_more) forget_stop(allocation);
      break;
    case Settled::Kind::kConfirmed:
      run.running = run.giving_up = false;
      run.gave_up = true;
      run.failures = 0;
      fleet_.let_go(run.lane, run.key);
      if (!over()) come_up_again(allocation);
      break;
    case Settled::Kind::kFailed:
      run.giving_up = false;
      if (over()) break;
      ++open_;  // it is in no batch, and member_failed takes it out of one
      member_failed(allocation, settled.reason);
      if (pending() && failed_) finish();
      break;
    case Settled::Kind::kSetAside:
      run.giving_up = false;
      if (!over()) set_aside(allocation, to_string(run.condition));
      break;
  }
  advance(now);
}

// It has stopped for a port: what its own action finds when its turn comes.
void JobRun::come_up_again(std::size_t allocation) {
  AllocationRun& run = runs_[allocation];
  run.outcome.reset();
  run.state = AState::kPending;
  run.plan(*run.planned);
  if (run.planned->action == Action::kStop) {  // that was its own action, only earlier
    run.doing = run.removal ? Action::kRemove : Action::kStop;
    if (!run.removal) run.state = AState::kDone;
    if (run.removal && !pending()) {  // its turn came meanwhile, and is over
      run.state = AState::kNotReached;
      set_aside_ = true;
    }
  }
}

}  // namespace maand
