// Hooks that follow a batch: on record before it begins, and run by the next pass where this one did not
// live, or did not know, to run them (owed_rounds.h).
#include <algorithm>
#include <set>
#include <utility>

#include "reconciler/app/pass.h"
#include "reconciler/core/hook_commands.h"

namespace maand {
namespace {

// Those of `keys` that a target is planned for.
std::vector<AllocationKey> acted_on(const JobPlan& plan, const std::vector<AllocationKey>& keys) {
  const std::set<AllocationKey> asked(keys.begin(), keys.end());
  std::vector<AllocationKey> out;
  for (const auto* actions : {&plan.starts, &plan.upgrades}) {
    for (const PlannedAction& action : *actions) {
      const bool acts = target_of(action.action) != Target::kNone || action.action == Action::kControl;
      if (acts && asked.count(action.key) > 0) out.push_back(action.key);
    }
  }
  return out;
}

}  // namespace

// True: what was planned is to be planned again. After a batch that a daemon confirmed and did not live to
// run them for, or whose end was not known then; before anything else of their job begins.
bool Pass::run_owed_rounds() {
  if (!hooks_may_run() || deps_.control.stop_requested()) return false;
  OwedRounds& owed = memory_.hooks.rounds;
  std::vector<HookRound> due;
  std::set<std::pair<int, JobName>> jobs;
  for (HookRound& round : owed.due(deps_.store, deps_.journal.state())) {
    const auto known = desired_.jobs.find(round.job);
    const auto planned = memory_.plan.jobs.find(round.job);
    // Of what is held nothing may be known here, its hooks neither; they are owed still.
    const bool held =
        (known != desired_.jobs.end() && known->second.held) ||
        (planned != memory_.plan.jobs.end() && (planned->second.held || planned->second.rollback));
    if (held || plan_settings_.suspended.of(round.job)) continue;
    if (known == desired_.jobs.end() || !known->second.job ||
        !has_hooks(known->second.job->commands, round.event)) {
      owed.settle(deps_.store, round);  // nobody is there any more to be told
      continue;
    }
    if (caught_up_.count({round.job, round.event}) > 0) continue;
    if (planned != memory_.plan.jobs.end() && round.event == HookEvent::kStarted) {
      HookRound newer = round;
      newer.members = acted_on(planned->second, round.members);
      if (!newer.members.empty())
        owed.settle(deps_.store, newer);  // what is brought there has a round of its own
      std::erase_if(round.members, [&](const AllocationKey& key) {
        return std::find(newer.members.begin(), newer.members.end(), key) != newer.members.end();
      });
      if (round.members.empty()) continue;
    }
    jobs.emplace(known->second.wave, round.job);
    due.push_back(std::move(round));
  }
  if (due.empty()) return false;
  memory_.phase.enter(Phase::kPlan, "hooks that are owed");
  deps_.control.changed();
  const HookWorldPtr world = hook_world();
  if (!meet_before_hooks(*world, jobs)) return true;
  for (const HookRound& round : due) {
    if (hook_failed_.count(round.job) > 0) continue;
    const HookRoundEnd end = await_hooks({world, round, "", 0, nullptr});
    if (end.kind == HookRoundEnd::Kind::kCancelled) return false;  // nothing more begins
    caught_up_.emplace(round.job, round.event);
    if (end.kind == HookRoundEnd::Kind::kDone) {
      owed.settle(deps_.store, round);
      continue;
    }
    const DesiredJob& job = desired_.jobs.at(round.job);
    JobReport report;
    report.job = round.job;
    report.commit = job.commit;
    report.tree = job.job->tree;
    report.state = JobReport::State::kFailed;
    report.reason = Reason::kHookFailed;
    report.detail = end.detail;
    remember_failure(report);
    hook_failed_[round.job] = report.detail;
  }
  return true;
}

// Before the first operation of a batch that hooks are to follow.
void Pass::put_down_round(const Step& step) {
  const Target target = target_of(step.action.action);
  if (target == Target::kNone || hook_worlds_.count(step.key.job) == 0) return;
  OwedRounds& owed = memory_.hooks.rounds;
  const HookEvent event = target == Target::kStop ? HookEvent::kStopped : HookEvent::kStarted;
  if (owed.has(step.key, event)) return;
  const auto round = rollout_->hooks_after_batch(step.key.job);
  if (round && round->event == event &&
      std::find(round->members.begin(), round->members.end(), step.key) != round->members.end())
    owed.put_down(deps_.store, *round, step.tree, deps_.journal.state());
}

}  // namespace maand
