// When the hooks of a job run in its rollout, and what their end does to it
// (workspace.md 9.4, 9.5). Who they run for and when is decided here; how, nobody here knows.
#include <algorithm>
#include <utility>

#include "reconciler/core/job_run.h"

namespace maand {

using AState = AllocationReport::State;

std::optional<HookRound> JobRun::take_hooks() {
  if (!hooks_wait()) return std::nullopt;
  hooks_run_ = true;
  ++in_flight_;
  return hooks_;
}

void JobRun::begin_hooks(HookEvent event, std::vector<AllocationKey> members, Instant now) {
  if (members.empty()) return hooks_done(event, now);
  const bool leaves = stop_reason_ == Reason::kStopping || stop_reason_ == Reason::kFenced;
  if (stopping_ && leaves) {  // nothing new begins; what they were to do is owed
    cut_short_ = true;
    return finish();
  }
  activity_ = Activity::kHooks;
  hooks_ = round_of(event, std::move(members));
}

HookRound JobRun::round_of(HookEvent event, std::vector<AllocationKey> members) const {
  HookRound round;
  round.job = plan_.job;
  round.event = event;
  round.members = std::move(members);
  round.batch_index = std::max(0, batch_number_ - 1);
  round.batch_count = batches_;
  if (event == HookEvent::kStopped) round.phase = "stop";
  if (event == HookEvent::kStarted) {
    const bool upgrade = phases_[phase_] == Phase::kUpgrade;
    round.phase = upgrade ? "update" : "new";
    for (const std::size_t one : upgrade ? upgrades_ : starts_) round.order.push_back(runs_[one].key);
    round.order_from_kv = plan_.hooks.ordered;
  }
  if (event != HookEvent::kJobControl) return round;
  round.target = plan_.hooks.target;
  if (!round.target.empty()) return round;
  for (const std::size_t one : controlled_) {
    (runs_[one].running ? round.updated : round.fresh).push_back(runs_[one].key);
  }
  return round;
}

std::optional<HookRound> JobRun::hooks_after_batch() const {
  if (over() || phase_ >= phases_.size() || phases_[phase_] == Phase::kControl) return std::nullopt;
  const bool drains = phases_[phase_] == Phase::kDrain;
  if (drains ? !plan_.hooks.stopped : !plan_.hooks.started || !comes_up()) return std::nullopt;
  std::vector<AllocationKey> members;
  for (const std::size_t member : batch_) {
    const AllocationRun& run = runs_[member];
    if (!run.planned) continue;
    const Action action = run.planned->action;
    if (drains ? action == Action::kStop : target_of(action) != Target::kNone) members.push_back(run.key);
  }
  if (members.empty()) return std::nullopt;
  return round_of(drains ? HookEvent::kStopped : HookEvent::kStarted, std::move(members));
}

std::vector<AllocationKey> JobRun::came_through() const {
  std::vector<AllocationKey> out;
  for (const std::size_t member : batch_) {
    if (runs_[member].state == AState::kDone && runs_[member].active >= 0) out.push_back(runs_[member].key);
  }
  return out;
}

// All that are active, as far as their workers can be reached: a canary is theirs to choose. By hand, those
// that the order is about.
void JobRun::begin_control(Instant now) {
  const bool any =
      std::any_of(controlled_.begin(), controlled_.end(), [this](std::size_t i) { return runs_[i].staged; });
  if (!any) return next_batch(now);
  if (stopping_) {
    cut_short_ = true;
    return finish();
  }
  std::vector<AllocationKey> members;
  if (*plan_.hooks.target) {
    for (const std::size_t one : controlled_) {
      if (runs_[one].staged && !fleet_.aside(runs_[one].lane)) members.push_back(runs_[one].key);
    }
    return begin_hooks(HookEvent::kJobControl, std::move(members), now);
  }
  for (const AllocationRun& run : runs_) {
    if (run.active >= 0 && run.state != AState::kSetAside && !fleet_.aside(run.lane))
      members.push_back(run.key);
  }
  begin_hooks(HookEvent::kJobControl, std::move(members), now);
}

void JobRun::run_stopped_hooks(Instant now) {
  std::vector<AllocationKey> members;
  if (plan_.hooks.stopped) {
    for (const std::size_t member : batch_) {
      const AllocationRun& run = runs_[member];
      const bool stopped = run.planned && run.planned->action == Action::kStop;
      if (stopped && run.state == AState::kDone) members.push_back(run.key);
    }
  }
  begin_hooks(HookEvent::kStopped, std::move(members), now);
}

bool JobRun::run_started_hooks(Instant now) {
  if (!plan_.hooks.started || phases_[phase_] == Phase::kControl) return false;
  std::vector<AllocationKey> members;
  for (const std::size_t member : batch_) {
    const AllocationRun& run = runs_[member];
    if (run.state == AState::kDone && target_of(run.doing) != Target::kNone) members.push_back(run.key);
  }
  if (members.empty()) return false;
  begin_hooks(HookEvent::kStarted, std::move(members), now);
  return true;
}

// Of the gate at hand, or there are none. Its hooks are asked last, for what answered well.
void JobRun::probes_passed(Instant now) {
  if (!plan_.hooks.health) return gate_passed(now);
  begin_hooks(HookEvent::kHealthCheck, came_through(), now);
}

// Every phase is through.
void JobRun::through(Instant now) {
  const bool brought = !starts_.empty() || !upgrades_.empty() || !controlled_.empty();
  const bool due = plan_.hooks.post_deploy && (brought || plan_.hooks.post_deploy_owed);
  // Of whom nothing begins in this pass, since its target failed or its end is not known, may still have what
  // came before.
  const bool lacking = std::any_of(runs_.begin(), runs_.end(), [this](const AllocationRun& run) {
    if (run.active < 0 || run.planned) return false;
    const ActiveAllocation& active = plan_.active[static_cast<std::size_t>(run.active)];
    return active.failed || active.open;
  });
  if (!due || lacking || failed_ || cut_short_ || waiting_ || set_aside_ || !tolerated_.empty())
    return finish();
  if (stopping_) {
    cut_short_ = true;
    return finish();
  }
  std::vector<AllocationKey> members;
  for (const ActiveAllocation& active : plan_.active) members.push_back(active.key);
  begin_hooks(HookEvent::kPostDeploy, std::move(members), now);
}

bool JobRun::on_hooks(const HookRoundEnd& end, Instant now) {
  if (!hooks_run_) return false;
  const HookEvent event = hooks_->event;
  hooks_run_ = false;
  hooks_.reset();
  --in_flight_;
  if (end.kind == HookRoundEnd::Kind::kDone) {
    progress_ = now;
    hooks_done(event, now);
  } else if (end.kind == HookRoundEnd::Kind::kCancelled && stopping_) {
    cut_short_ = true;
    finish();
  } else if (event == HookEvent::kHealthCheck) {
    health_hooks_failed(end.detail, now);
  } else {
    fail(Reason::kHookFailed, end.detail);
  }
  advance(now);
  return true;
}

void JobRun::hooks_done(HookEvent event, Instant now) {
  switch (event) {
    case HookEvent::kStarted:
      return after_started(now);
    case HookEvent::kHealthCheck:
      return gate_passed(now);
    case HookEvent::kJobControl:
      control_ran_ = true;
      return next_batch(now);
    case HookEvent::kStopped:
      return next_batch(now);
    case HookEvent::kPostDeploy:
      post_deployed_ = true;
      return finish();
    default:
      return finish();
  }
}

// A gate gives up after as many rounds as the manifest says, whoever does not answer well.
void JobRun::health_hooks_failed(const std::string& detail, Instant now) {
  if (!stopping_ && ++health_tries_ < plan_.health.attempts) {
    hooks_again_at_ = now + plan_.health.interval;
    activity_ = Activity::kHooks;
    return;
  }
  std::vector<std::size_t> failing;
  for (const std::size_t member : batch_) {
    if (runs_[member].state != AState::kDone || runs_[member].active < 0) continue;
    runs_[member].detail = detail;
    failing.push_back(member);
  }
  gate_failed(failing, now);
}

}  // namespace maand
