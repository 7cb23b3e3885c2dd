// Going back from a rollout that failed (R5.2), the clocks of those that bake (R2.9), and
// what the failure budget knows of earlier passes.
#include <algorithm>
#include <utility>

#include "reconciler/app/pass.h"
#include "reconciler/app/releases.h"
#include "reconciler/core/rollback_plan.h"

namespace maand {
namespace {

// How much of a bake may be baked again after a crash.
constexpr std::chrono::milliseconds kBakeStep{5000};

}  // namespace

RolloutLimits Pass::rollout_limits() {
  RolloutLimits limits = settings_.rollout;
  const bool limited = limits.budget.failures.limits() || limits.budget.workers_aside.limits();
  if (!limited) return limits;
  if (released_commit(deps_.store) == desired_.commit) {
    limits.budget = {};
  } else {
    limits.budget.failed_before = failed_under(deps_.journal.state(), desired_.commit);
  }
  return limits;
}

// What a job would go back to tells how that is gated; reading it must not wait for git
// when the moment has come.
void Pass::read_ways_back() {
  WantedJobs wanted;
  for (const auto& [name, plan] : memory_.plan.jobs) {
    const auto record = deps_.journal.state().jobs.find(name);
    const bool may = plan.policy.on_failure == RolloutPolicy::OnFailure::kRollback && plan.has_actions();
    if (!may || plan.rollback || record == deps_.journal.state().jobs.end()) continue;
    if (!record->second.good_commit.empty()) wanted.emplace(name, record->second.good_commit);
  }
  try {
    if (!wanted.empty()) deps_.judge.read_ahead(wanted);
  } catch (const SourceError& error) {  // then a pass of its own goes back, once it can be read
    tell(EventKind::kSourceProblem, error.what());
  }
}

// What has to be on record before a worker is touched: that going back has begun, and the
// whole bake, which a daemon that dies before it was watched owes.
void Pass::put_down_beginnings() {
  for (const auto& [name, plan] : memory_.plan.jobs) {
    const auto known = deps_.journal.state().jobs.find(name);
    if (known == deps_.journal.state().jobs.end()) continue;
    if (plan.rollback && known->second.rollback == Rollback::kDue) {
      JobRecord record = known->second;
      record.rollback = Rollback::kBegun;
      deps_.journal.put_job(record);
    }
    const bool comes_up = !plan.starts.empty() || !plan.upgrades.empty();
    if (plan.policy.bake.count() == 0 || !comes_up || plan.rollback || plan.held) continue;
    if (known->second.bake_tree == plan.tree && known->second.bake_left == plan.policy.bake) continue;
    JobRecord record = known->second;
    record.bake_tree = plan.tree;
    record.bake_left = plan.policy.bake;
    deps_.journal.put_job(record);
  }
}

// What is left is stored while it bakes, so that nothing but watched time ever counts.
void Pass::keep_bakes(bool at_once) {
  for (const auto& [name, bake] : rollout_->bakes(deps_.clock.now())) {
    const auto known = deps_.journal.state().jobs.find(name);
    if (known == deps_.journal.state().jobs.end()) continue;
    const JobRecord& old = known->second;
    const bool same = old.bake_tree == bake.tree;
    if (same && old.bake_left == bake.left) continue;
    const bool turned = !same || bake.left > old.bake_left || bake.left.count() == 0;
    if (!turned && !at_once && old.bake_left - bake.left < kBakeStep) continue;
    JobRecord record = old;
    record.bake_tree = bake.tree;
    record.bake_left = bake.left;
    deps_.journal.put_job(record);
  }
}

bool Pass::goes_back(const JobName& job) const {
  const auto known = deps_.journal.state().jobs.find(job);
  return known != deps_.journal.state().jobs.end() && known->second.rollback == Rollback::kBegun;
}

// At once, whatever other jobs are still at.
void Pass::begin_rollbacks() {
  for (const JobName& name : rollout_->take_failed()) {
    const auto report = rollout_->report(name);
    const bool replaced = superseded_.count(name) > 0 && stopped_for_order_ != name;
    if (!report || replaced) continue;  // R1.8: what is newer replaces it
    remember_failure(*report);
    begin_rollback(name);
  }
}

void Pass::begin_rollback(const JobName& name) {
  const auto known = deps_.journal.state().jobs.find(name);
  if (known == deps_.journal.state().jobs.end() || known->second.rollback != Rollback::kDue) return;
  if (plan_settings_.suspended.of(name)) return;  // R5.5: not begun yet
  DesiredState desired = deps_.judge.desired_now(*memory_.accepted, deps_.journal.state(), update_seq_);
  if (desired.wants.count(name) > 0) {  // the next pass reads it, and begins
    result_.again = true;
    return;
  }
  JobRecord record = known->second;
  record.rollback = Rollback::kBegun;
  deps_.journal.put_job(record);
  desired_ = std::move(desired);
  hook_world_ = nullptr;
  deps_.journal.put_ports(desired_.ports);
  tell(EventKind::kNotice,
       name.str() + " goes back to what was confirmed before: " + record.held_reason + ": " +
           record.held_detail,
       record.held_commit);
  superseded_.insert(name);
  replan();
}

void Pass::remember_rollback(JobReport& job) {
  fail_gates(job);
  JobRecord record = deps_.journal.state().jobs.at(job.job);
  if (record.rollback != Rollback::kBegun) return;
  const std::string why = record.held_reason + ": " + record.held_detail;
  const RollbackPlan left = plan_rollback(record, deps_.journal.state(), false);
  std::string lost;
  for (const AllocationKey& key : left.lost) lost += (lost.empty() ? "" : ", ") + key.str();
  // What can never be put back stays out, so that the others would wait for it for ever.
  const bool stuck = job.state == JobReport::State::kWaiting && job.reason == Reason::kUnavailable;
  if (job.state == JobReport::State::kRolledBack) {
    if (!left.through()) return;
    deps_.journal.prove(job.job, {});
    record.rollback = Rollback::kDone;
    job.detail = why;
    result_.again = true;  // what a newer commit has of it, or what was set aside for it, comes now
  } else if (job.state != JobReport::State::kFailed && !(stuck && !lost.empty())) {
    return;  // a later pass goes on
  }
  if (job.state == JobReport::State::kFailed || !lost.empty()) {
    record.rollback = Rollback::kFailed;
    record.held_reason = to_string(Reason::kRollbackFailed);
    record.held_detail = (lost.empty() ? job.detail : "nothing confirmed is known of " + lost) +
                         "; it was to go back because of " + why;
    job.state = JobReport::State::kFailed;
    job.reason = Reason::kRollbackFailed;
    job.detail = record.held_detail;
  }
  deps_.observer.on(Event{
      .kind = EventKind::kJobHeld,
      .commit = record.held_commit,
      .job = job.job,
      .reason = record.rollback == Rollback::kDone ? to_string(Reason::kRolledBack) : record.held_reason,
      .text = job.detail});
  deps_.journal.put_job(record);
}

}  // namespace maand
