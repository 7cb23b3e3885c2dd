// What comes after a gate, and what a failure is taken for (R2.9): bake, and
// `max_failures`.
#include <utility>

#include "reconciler/core/job_run.h"

namespace maand {

using AState = AllocationReport::State;

bool JobRun::comes_up() const {
  if (phase_ >= phases_.size()) return false;
  const Phase phase = phases_[phase_];
  return phase == Phase::kStart || phase == Phase::kUpgrade || phase == Phase::kLateStart ||
         (phase == Phase::kControl && control_ran_);
}

std::optional<std::chrono::milliseconds> JobRun::bake_owed(Instant now) const {
  if (!bake_begun_ && !over()) return std::nullopt;
  return activity_ == Activity::kBake ? bake_.left(now) : bake_owed_;
}

void JobRun::after_gate(Instant now) {
  // What a rollback puts back has baked before.
  if (plan_.policy.bake.count() == 0 || plan_.rollback) return next_batch(now);
  std::erase_if(batch_, [&](std::size_t member) {
    const AllocationRun& run = runs_[member];
    const bool ill = has_checks() && run.health != Health::kHealthy;  // was so before, and is excused
    return run.active < 0 || ill || (run.planned && run.state != AState::kDone) || fleet_.aside(run.lane);
  });
  if (batch_.empty()) {
    bake_owed_ = {};
    return next_batch(now);
  }
  if (stopping_) return finish();
  open_bake(plan_.policy.bake, now);
}

// What an earlier pass did not live to see, or was suspended in.
bool JobRun::take_up_bake(Instant now) {
  if (!plan_.bakes() || stopping_ || std::exchange(bake_taken_up_, true)) return false;
  batch_.clear();
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    const AllocationRun& run = runs_[i];
    const bool bakes = run.active >= 0 && plan_.active[static_cast<std::size_t>(run.active)].bakes;
    if (bakes && !run.planned && !fleet_.aside(run.lane)) batch_.push_back(i);
  }
  if (batch_.empty()) return false;
  open_bake(plan_.bake_left, now);
  return true;
}

void JobRun::open_bake(std::chrono::milliseconds left, Instant now) {
  activity_ = Activity::kBake;
  bake_begun_ = true;
  bake_owed_ = left;
  bake_.open(plan_.health, left, now);
  for (const std::size_t member : batch_) bake_.add(member);
  bake_round(now);
}

void JobRun::bake_round(Instant now) {
  for (const std::size_t member : bake_.due(now)) enqueue(member, Step::Kind::kProbe);
}

// True: within `max_failures`, and the rollout goes on without them. A canary is there to
// stop it, and where the Makefile lacks a target the next allocation lacks it, too.
bool JobRun::tolerates(Reason reason, int more, const std::string& detail) {
  failed_members_ += more;
  if (plan_.rollback || canary_batch_ || reason == Reason::kMissingTarget) return false;
  if (failed_members_ > plan_.policy.max_failures) return false;
  if (tolerated_.empty()) tolerated_reason_ = reason;
  tolerated_ += (tolerated_.empty() ? "" : ", ") + detail;
  return true;
}

}  // namespace maand
