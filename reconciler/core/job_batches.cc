// Who is in a job's next batch, and who has to wait (R2.3, R2.5).
#include <algorithm>
#include <utility>

#include "reconciler/core/job_run.h"

namespace maand {

using AState = AllocationReport::State;

int JobRun::batch_size() const {
  const int all = static_cast<int>(std::max<std::size_t>(1, runs_.size()));
  switch (phases_[phase_]) {
    case Phase::kStage:
    case Phase::kControl:
      return all;
    case Phase::kDrain:
      return plan_.leaving ? all : std::max(1, plan_.max_concurrent_upgrades);
    case Phase::kStart:
    case Phase::kLateStart:
      return canary_or(plan_.max_concurrent_starts > 0 ? plan_.max_concurrent_starts : all);
    case Phase::kUpgrade:
      return canary_or(std::max(1, plan_.max_concurrent_upgrades));
  }
  return 1;
}

// R2.9: a canary never makes a batch larger than what may be out at once.
int JobRun::canary_or(int size) const { return canary_left_ > 0 ? std::min(canary_left_, size) : size; }

void JobRun::enter_phase() {
  if (phase_ >= phases_.size()) return;
  std::size_t members = 0;
  switch (phases_[phase_]) {
    case Phase::kStage:
    case Phase::kStart:
      members = starts_.size();
      break;
    case Phase::kDrain:
      if (moves_ && plan_.policy.move == RolloutPolicy::Move::kStartFirst) {
        // The old ones may go as far as new ones stand, gate and all.
        ready_ = static_cast<int>(std::count_if(
            starts_.begin(), starts_.end(), [&](std::size_t i) { return runs_[i].state == AState::kDone; }));
        if (promises_do_) ready_ += static_cast<int>(late_starts_.size());
      }
      members = std::max(drains_.size() + moving_.size(), std::min<std::size_t>(1, loose_.size()));
      break;
    case Phase::kControl:
      members = std::min<std::size_t>(1, controlled_.size());
      break;
    case Phase::kUpgrade:
      members = upgrade_queue_.size() + waiting_upgrades_.size();
      break;
    case Phase::kLateStart:
      members = late_starts_.size();
      break;
  }
  batch_number_ = 0;
  batches_ = 0;
  const bool with_canary = comes_up() && canary_left_ > 0;
  const std::size_t first = with_canary ? std::min(members, static_cast<std::size_t>(canary_left_)) : 0;
  if (first > 0) {
    const auto size = static_cast<std::size_t>(batch_size());
    batches_ = static_cast<int>((first + size - 1) / size);
  }
  const int canary = std::exchange(canary_left_, 0);
  const auto size = static_cast<std::size_t>(batch_size());
  canary_left_ = canary;
  batches_ += static_cast<int>((members - first + size - 1) / size);
}

bool JobRun::more_in_phase() {
  const auto settled = [&](std::size_t i) {
    return runs_[i].state != AState::kPending && !runs_[i].giving_up;
  };
  switch (phases_[phase_]) {
    case Phase::kStage:
      return std::any_of(starts_.begin(), starts_.end(),
                         [&](std::size_t i) { return !settled(i) && !runs_[i].staged; });
    case Phase::kDrain:
      while (!drains_.empty() && settled(drains_.front())) drains_.pop_front();
      while (!moving_.empty() && settled(moving_.front())) moving_.pop_front();
      std::erase_if(loose_, settled);
      return !drains_.empty() || !moving_.empty() || !loose_.empty();
    case Phase::kControl:
      return std::any_of(controlled_.begin(), controlled_.end(), [&](std::size_t i) { return !settled(i); });
    case Phase::kStart:
      while (next_start_ < starts_.size() && settled(starts_[next_start_])) ++next_start_;
      return next_start_ < starts_.size();
    case Phase::kUpgrade:
      std::erase_if(waiting_upgrades_, settled);
      return !upgrade_queue_.empty() || !waiting_upgrades_.empty();
    case Phase::kLateStart:
      std::erase_if(late_starts_, settled);
      return !late_starts_.empty();
  }
  return false;
}

Batch JobRun::take_batch() {
  if (!more_in_phase()) return {};
  switch (phases_[phase_]) {
    case Phase::kStage:
      return take_stage();
    case Phase::kDrain:
      return take_drains();
    case Phase::kControl:
      return take_control();
    case Phase::kStart:
      return take_starts();
    case Phase::kUpgrade:
      return take_upgrades();
    case Phase::kLateStart:
      return take_late_starts();
  }
  return {};
}

// Files only, ahead of a move, so that the old allocation stops no earlier than
// the new worker has all it needs.
Batch JobRun::take_stage() {
  Batch batch;
  for (const std::size_t start : starts_) {
    if (runs_[start].state != AState::kPending || runs_[start].staged || !may_stage(start)) continue;
    runs_[start].doing = Action::kStage;
    batch.push_back(start);
  }
  return batch;
}

// Once for their files, and once more to confirm what the hooks in between have made of them.
Batch JobRun::take_control() {
  Batch batch;
  for (const std::size_t one : controlled_) {
    AllocationRun& run = runs_[one];
    if (run.state != AState::kPending || run.staged != control_ran_) continue;
    if (!control_ran_) run.doing = Action::kStage;
    batch.push_back(one);
  }
  return batch;
}

int JobRun::drains_allowed() const { return free_drains_ + std::min(pairs_, ready_) - drains_taken_; }

Batch JobRun::take_drains() {
  Batch batch = std::move(loose_);  // touch nothing that runs, so they take no slot
  loose_.clear();
  const std::size_t slots = batch.size() + static_cast<std::size_t>(batch_size());
  const auto take_from = [&](std::deque<std::size_t>& queue) {
    const std::size_t drain = queue.front();
    queue.pop_front();
    if (runs_[drain].state != AState::kPending || runs_[drain].giving_up)
      return false;  // set aside meanwhile
    batch.push_back(drain);
    return true;
  };
  while (batch.size() < slots && !drains_.empty()) take_from(drains_);
  while (batch.size() < slots && !moving_.empty() && drains_allowed() > 0) {
    if (take_from(moving_)) ++drains_taken_;
  }
  const bool started_late = plan_.policy.move == RolloutPolicy::Move::kStartFirst && !late_starts_.empty();
  if (batch.empty() && !started_late) {
    std::string names;
    for (const std::size_t drain : moving_) {
      AllocationRun& run = runs_[drain];
      if (run.state != AState::kPending) continue;
      run.state = AState::kNotReached;
      run.detail = "no new worker is ready to take over";
      names += (names.empty() ? "" : ", ") + run.key.str();
    }
    moving_.clear();
    if (!names.empty()) wait_for(Reason::kMoveWaits, names + ": no new worker is ready to take over");
  }
  return batch;
}

Batch JobRun::take_starts() {
  Batch batch;
  const auto slots = static_cast<std::size_t>(batch_size());
  for (; next_start_ < starts_.size() && batch.size() < slots; ++next_start_) {
    const std::size_t start = starts_[next_start_];
    if (runs_[start].state == AState::kPending && may_begin(start)) batch.push_back(start);
  }
  return batch;
}

Batch JobRun::take_late_starts() {
  Batch batch;
  const auto slots = static_cast<std::size_t>(batch_size());
  for (const std::size_t start : std::exchange(late_starts_, {})) {
    if (batch.size() == slots || runs_[start].giving_up) {
      late_starts_.insert(start);
    } else if (may_begin(start)) {
      batch.push_back(start);
    }
  }
  must_wait_ = batch.empty() && !late_starts_.empty();
  return batch;
}

Batch JobRun::take_upgrades() {
  const int size = batch_size();
  admit_upgrades();
  if (upgrade_queue_.empty()) {
    must_wait_ = !waiting_upgrades_.empty();
    return {};
  }
  Batch batch = plan_.released ? upgrade_queue_.take_regardless(size)
                               : upgrade_queue_.take(size, availability_.count(), availability_.limit());
  // One that is ill and waits for a port may be what makes room.
  must_wait_ = batch.empty() && !waiting_upgrades_.empty();
  if (batch.empty() && !must_wait_) wait_for(Reason::kUnavailable, availability_.sentence());
  return batch;
}

// Taken because it was ill, and well again by the probe just before: it costs a
// place now, and waits when there is none left.
void JobRun::give_back_recovered() {
  if (plan_.released) return;
  int room = availability_.limit() - availability_.count();
  std::erase_if(batch_, [&](std::size_t i) {
    const int active = runs_[i].active;
    if (active >= 0 && availability_.unavailable(static_cast<std::size_t>(active))) return false;
    if (room-- > 0) return false;
    upgrade_queue_.add(i, false);
    return true;
  });
}

void JobRun::set_aside(std::size_t allocation, std::string why) {
  AllocationRun& run = runs_[allocation];
  // A stop that surely never began leaves its new worker to another one.
  const bool nothing_ran = !run.outcome || run.outcome->kind == OutcomeKind::kCondition;
  if (moves_ && run.leaves() && run.begun && run.running && nothing_ran && !run.interrupted &&
      run.failures == 0) {
    --drains_taken_;
  }
  if (run.staged && run.state == AState::kPending) --ready_;
  run.state = AState::kSetAside;
  if (run.detail.empty()) run.detail = why;
  set_aside_ = true;
  upgrade_queue_.drop(allocation);
  if (run.active >= 0) availability_.set_out_of_reach(static_cast<std::size_t>(run.active), std::move(why));
}

void JobRun::wait_for(Reason reason, const std::string& detail) {
  if (!waiting_) reason_ = reason;
  waiting_ = true;
  detail_ += (detail_.empty() ? "" : "; ") + detail;
}

}  // namespace maand
