#include "tests/property/rollout_referee.h"

#include <algorithm>

namespace maand {

void RolloutReferee::put(const JobPlan& plan) {
  Watched& job = jobs_[plan.job];
  job.plan = plan;
  for (const ActiveAllocation& active : plan.active) {
    job.active.insert(active.key.worker);
    job.members[active.key.worker].ill = active.health == Health::kUnhealthy;
    job.members[active.key.worker].failed = active.failed;
  }
  for (const PlannedAction& action : plan.upgrades) job.upgrades.insert(action.key.worker);
  for (const PlannedAction& action : plan.starts) job.starts.insert(action.key.worker);
  for (const PlannedAction& action : plan.drains) job.stops.insert(action.key.worker);
}

void RolloutReferee::say(const Step& step, const std::string& what) {
  broken_.push_back(what + " (" + to_string(step.action.action) + " " + step.key.str() + ")");
}

bool RolloutReferee::down(const Watched& job, const WorkerHost& worker) const {
  const auto it = job.members.find(worker);
  return dead_.contains(worker) || (it != job.members.end() && (it->second.ill || it->second.failed ||
                                                                it->second.aside || it->second.stopped));
}

void RolloutReferee::confirms(const Step& step) {
  if (!in_flight_.insert(step.key).second) say(step, "two steps in flight for one allocation");
  const Watched& waiting = jobs_.at(step.key.job);
  const auto it = waiting.members.find(step.key.worker);
  if (it == waiting.members.end() || !it->second.awaits) return say(step, "confirms what does not wait");
  if (!it->second.gated) say(step, "confirmed before its gate is through");
}

void RolloutReferee::handed_out(const Step& step) {
  ++on_worker_[step.key.worker];
  if (step.kind == Step::Kind::kConfirm) return confirms(step);  // whatever the limits
  if (on_worker_[step.key.worker] > limits_.max_per_worker) say(step, "too many steps on one worker");
  const auto busy = std::count_if(on_worker_.begin(), on_worker_.end(),
                                  [](const auto& worker) { return worker.second > 0; });
  if (busy > limits_.max_parallel_workers) say(step, "too many workers at once");
  if (step.kind == Step::Kind::kContact) return;
  if (!in_flight_.insert(step.key).second) say(step, "two steps in flight for one allocation");
  if (step.kind == Step::Kind::kProbe) return;

  Watched& job = jobs_.at(step.key.job);
  Member& member = job.members[step.key.worker];
  if (job.stopped) say(step, "began after stop_job");
  const bool early = asked_of_a_later_wave(step);
  if (!early) check_waves(job);
  check_ports(step);
  if (step.action.action == Action::kStop && step.action.reason == Reason::kPortHandedOver) {
    if (exact_ && !early) check_availability(job, step);
    return;
  }
  if (early) return;
  if (step.action.action == Action::kRemove && job.stops.contains(step.key.worker) &&
      !member.stop_confirmed) {
    say(step, "files removed before the stop was confirmed");
  }
  if (step.action.action == Action::kStage || step.action.action == Action::kForget) return;
  check_batch(job, step);
  if (!member.begun && (job.upgrades.contains(step.key.worker) || job.starts.contains(step.key.worker))) {
    if (!job.plan.rollback) check_canary(job, step);
    if (!job.plan.rollback) check_bakes(job, step);
    job.order.push_back(step.key.worker);
  }
  if (job.failed > job.plan.policy.max_failures && target_of(step.action.action) != Target::kStop)
    say(step, "began though more failed than rollout.max_failures allows");
  if (exact_ && job.upgrades.contains(step.key.worker) && !member.begun) check_availability(job, step);
  member.begun = true;
  member.through = false;
}

// R2.3, R2.4: those begun and not through, gate included, are the batch.
void RolloutReferee::check_batch(Watched& job, const Step& step) {
  const auto check = [&](const std::set<WorkerHost>& kind, int limit, const char* name) {
    if (limit <= 0 || !kind.contains(step.key.worker)) return;
    int open = 0;
    for (const WorkerHost& worker : kind) {
      const Member& other = job.members[worker];
      // Whatever it waited for will not begin on a worker that is known to be dead.
      const bool given_up = dead_.contains(worker) && !in_flight_.contains({step.key.job, worker});
      open += worker == step.key.worker || (other.begun && !other.through && !given_up) ? 1 : 0;
    }
    if (open > limit) say(step, std::string("batch limit of ") + name + " exceeded");
  };
  check(job.upgrades, job.plan.max_concurrent_upgrades, "upgrades");
  check(job.starts, job.plan.max_concurrent_starts, "starts");
  check(job.stops, job.plan.leaving ? 0 : job.plan.max_concurrent_upgrades, "drains");
}

// R2.9: the first of them are through, bake and all, before anybody else begins.
void RolloutReferee::check_canary(Watched& job, const Step& step) {
  int first = 0;  // so many have shown something, or are about to
  bool through = true;
  for (const WorkerHost& worker : job.order) {
    const Member& member = job.members[worker];
    if (member.aside || (!member.through && dead_.contains(worker))) continue;
    if (++first > job.plan.policy.canary) break;
    through = through && member.through;
  }
  if (first >= job.plan.policy.canary && !through) say(step, "began before its canary was through");
}

// Those of one batch need not begin together: there may be no worker to be had.
void RolloutReferee::check_bakes(Watched& job, const Step& step) {
  std::string baking;
  bool at_work = false;
  for (const WorkerHost& worker : job.order) {
    const Member& member = job.members.at(worker);
    const bool watched = !member.ill && !member.aside && !member.failed && !dead_.contains(worker);
    at_work = at_work || (watched && !member.through);
    if (watched && member.through && now_ < member.bakes_until) baking = worker.str();
  }
  const bool start = job.starts.contains(step.key.worker);
  const int limit = start ? job.plan.max_concurrent_starts : job.plan.max_concurrent_upgrades;
  if (baking.empty() && !at_work) job.batch = 0;
  const bool another = start != job.batch_of_starts || (limit > 0 && job.batch >= limit);
  if (!baking.empty() && another) say(step, "began while " + baking + " was baking");
  job.batch_of_starts = start;
  ++job.batch;
}

void RolloutReferee::check_availability(Watched& job, const Step& step) {
  if (job.plan.released || down(job, step.key.worker)) return;
  const int quarter = (static_cast<int>(job.active.size()) + 3) / 4;
  const int limit =
      job.plan.policy.max_unavailable.value_or(std::max(job.plan.max_concurrent_upgrades, quarter));
  int out = 0;
  for (const WorkerHost& worker : job.active) {
    const Member& other = job.members[worker];
    const bool in_batch = job.upgrades.contains(worker) && other.begun && !other.through;
    out += worker == step.key.worker || in_batch || down(job, worker) ? 1 : 0;
  }
  if (out > limit) {
    say(step, "availability limit exceeded: " + std::to_string(out) + " of " +
                  std::to_string(job.active.size()) + " out, " + std::to_string(limit) + " may be");
  }
}

// List of differences: two jobs swap in one commit.
void RolloutReferee::check_ports(const Step& step) {
  const Target target = target_of(step.action.action);
  if (target == Target::kNone || target == Target::kStop) return;
  for (const auto& [name, number] : step.ports) {
    for (const auto& [other, ports] : held_) {
      if (other.worker != step.key.worker || other == step.key || !ports.contains(number)) continue;
      say(step, "runs while " + other.str() + " has its port " + std::to_string(number));
    }
  }
  for (const auto& [name, number] : step.ports) held_[step.key].insert(number);
}

void RolloutReferee::ports_after(const Step& step, const Outcome& outcome) {
  if (outcome.kind != OutcomeKind::kSucceeded || target_of(step.action.action) == Target::kNone) return;
  std::set<int>& ports = held_[step.key];
  // What may be taken back may want its ports again.
  if (outcome.confirmation != Confirmation::kPending) ports.clear();
  for (const auto& [name, number] : step.ports) ports.insert(number);
}

// A stop that a job of an earlier wave has asked for.
bool RolloutReferee::asked_of_a_later_wave(const Step& step) const {
  if (step.action.action != Action::kStop) return false;
  for (const auto& [name, job] : jobs_) {
    if (job.plan.wave >= jobs_.at(step.key.job).plan.wave) continue;
    for (const PortWait& wait : job.plan.waits) {
      if (wait.holder == step.key && wait.how == PortWait::How::kStops) return true;
    }
  }
  return false;
}

void RolloutReferee::check_waves(const Watched& job) {
  // What was begun of a job that comes earlier has to be over; only those still
  // at work can be seen from here.
  for (const AllocationKey& key : in_flight_) {
    const Watched& other = jobs_.at(key.job);
    if (other.plan.rollback) continue;  // begins whenever its rollout has failed
    // A look of a bake that was over, or cut short, meanwhile is waited for by nobody.
    const Member& member = other.members.at(key.worker);
    if (member.begun && member.through && (other.stopped || now_ >= member.bakes_until)) continue;
    const bool earlier =
        other.plan.leaving != job.plan.leaving
            ? other.plan.leaving
            : (job.plan.leaving ? other.plan.wave > job.plan.wave : other.plan.wave < job.plan.wave);
    if (earlier) {
      broken_.push_back(job.plan.job.str() + " began while " + key.str() + " of an earlier wave is at work");
    }
  }
}

void RolloutReferee::contacted(const Step& step, const Contact& contact) {
  --on_worker_[step.key.worker];
  if (contact.condition != WorkerCondition::kNone) dead_.insert(step.key.worker);
}

void RolloutReferee::ended(const Step& step, const Outcome& outcome) {
  --on_worker_[step.key.worker];
  in_flight_.erase(step.key);
  Watched& job = jobs_.at(step.key.job);
  Member& member = job.members[step.key.worker];
  const Action action = step.action.action;
  ports_after(step, outcome);
  if (action == Action::kStop && step.action.reason == Reason::kPortHandedOver) {
    if (outcome.kind == OutcomeKind::kSucceeded) {
      member.stopped = true;
      return;
    }
  }
  if (action == Action::kStart) member.stopped = member.stopped && outcome.kind != OutcomeKind::kSucceeded;
  switch (outcome.kind) {
    case OutcomeKind::kSucceeded:
      if (action == Action::kStop) member.stop_confirmed = true;
      if (action == Action::kStage) return;
      member.failed = false;
      member.confirmed = true;
      member.in_a_row = member.probes = 0;
      member.awaits = outcome.confirmation == Confirmation::kPending;
      member.gated = job.plan.health.checks.empty() || !ships_files(action);
      member.through = member.gated && !member.awaits;
      member.bakes_until = now_ + job.plan.policy.bake;
      if (action == Action::kStop) {
        for (const PlannedAction& removal : job.plan.removals) {
          if (removal.key == step.key) member.through = false;
        }
      }
      return;
    case OutcomeKind::kFailed:
    case OutcomeKind::kInterrupted:
      job.has_reason_to_fail = true;
      member.failed = true;
      member.confirmed = false;
      // A job that failed begins nothing more; only a removal that failed for good
      // makes room for the next one.
      if (outcome.kind == OutcomeKind::kFailed) ++member.failures;
      if (outcome.kind == OutcomeKind::kInterrupted) ++member.interruptions;
      member.through = step.action.reason == Reason::kLeft &&
                       (outcome.missing_target || member.failures >= job.plan.policy.attempts ||
                        member.interruptions >= 2);
      // One of those that may fail makes room as well.
      if (job.plan.policy.max_failures > 0 && step.action.reason != Reason::kLeft &&
          (outcome.missing_target || member.failures >= job.plan.policy.attempts ||
           member.interruptions >= 2)) {
        member.through = true;
        ++job.failed;
      }
      return;
    case OutcomeKind::kCondition:
      if (outcome.condition != WorkerCondition::kBusy) dead_.insert(step.key.worker);
      [[fallthrough]];
    case OutcomeKind::kNever:
    case OutcomeKind::kUnknown:
      // What can cut off a worker may have done so.
      if (step.confirm.count() > 0 && outcome.kind == OutcomeKind::kUnknown) job.has_reason_to_fail = true;
      member.aside = true;
      member.through = true;
      return;
  }
}

void RolloutReferee::confirmed(const Step& step, const Outcome& outcome) {
  --on_worker_[step.key.worker];
  in_flight_.erase(step.key);
  Watched& job = jobs_.at(step.key.job);
  Member& member = job.members[step.key.worker];
  member.awaits = false;
  if (outcome.kind == OutcomeKind::kSucceeded) {
    member.through = true;
    member.bakes_until = now_ + job.plan.policy.bake;
    held_[step.key].clear();
    for (const auto& [name, number] : job.plan.ports) held_[step.key].insert(number);
    return;
  }
  job.has_reason_to_fail = true;
  member.failed = true;
  member.confirmed = false;
  if (job.plan.policy.max_failures > 0) {
    member.through = true;
    ++job.failed;
  }
}

void RolloutReferee::probed(const Step& step, Health health) {
  --on_worker_[step.key.worker];
  in_flight_.erase(step.key);
  Watched& job = jobs_.at(step.key.job);
  Member& member = job.members[step.key.worker];
  member.ill = health == Health::kUnhealthy;
  if (member.ill) job.has_reason_to_fail = true;
  if (!member.confirmed) return;
  member.in_a_row = member.ill ? 0 : member.in_a_row + 1;
  if (!member.through) member.bakes_until = now_ + job.plan.policy.bake;
  if (member.in_a_row < 2 && ++member.probes < std::max(2, job.plan.health.attempts)) return;
  member.gated = true;
  // One that may fail does not bake.
  if (!member.through && member.in_a_row < 2) member.bakes_until = {};
  if (!member.awaits) member.through = true;
}

void RolloutReferee::finished(const std::vector<JobReport>& reports) {
  for (const JobReport& report : reports) {
    const std::string name = report.job.str();
    if (report.state == JobReport::State::kPending || report.state == JobReport::State::kRunning) {
      broken_.push_back(name + " is not over though the rollout is");
    }
    if (report.state == JobReport::State::kFailed && !jobs_.at(report.job).has_reason_to_fail) {
      broken_.push_back(name + " failed though no target and no gate did");
    }
    const bool well = report.state == JobReport::State::kDone || report.state == JobReport::State::kHeld;
    if (jobs_.at(report.job).plan.rollback && well) {
      broken_.push_back(name + " went back, and that is told as " + to_string(report.state));
    }
    if (report.state == JobReport::State::kRolledBack && !jobs_.at(report.job).plan.rollback) {
      broken_.push_back(name + " is called rolled back, and is not");
    }
    for (const AllocationReport& allocation : report.allocations) {
      if (allocation.state == AllocationReport::State::kPending ||
          allocation.state == AllocationReport::State::kRunning) {
        broken_.push_back(allocation.action.key.str() + " is not over though the rollout is");
      }
    }
  }
}

}  // namespace maand
