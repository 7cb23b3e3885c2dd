// What of a pass runs hooks of jobs on this host: post_build of a commit that passed every
// policy, pre_deploy of jobs that roll out or wait for a value, and the rounds that the rollout
// machine asks for in between.
//
// None runs while the workers are another controller's, or have to be claimed first (R3.12, R7.3).
#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include "reconciler/app/pass.h"
#include "reconciler/app/recalling.h"
#include "reconciler/core/hook_access.h"
#include "reconciler/core/hook_commands.h"
#include "reconciler/core/rollout_order.h"

namespace maand {
namespace {

bool has_post_build(const Workspace& workspace) {
  return std::any_of(workspace.jobs.begin(), workspace.jobs.end(),
                     [](const auto& job) { return has_hooks(job.second.commands, HookEvent::kPostBuild); });
}

bool brings(const JobPlan& plan) { return !plan.starts.empty() || !plan.upgrades.empty(); }

// What is held for that is taken from this commit as soon as it can be, and its post_build is due now.
bool taken_when_it_can_be(Reason reason) {
  return reason == Reason::kMissingValue || reason == Reason::kNoCertificate;
}

// Content that is good elsewhere is what a job is held at, also where its hooks have failed for another place
// of it: that one is not begun without them.
void leave_what_hooks_failed_for(JobPlan& plan, const AppliedState& applied,
                                 std::vector<PlannedAction>& waiting) {
  const auto record = applied.jobs.find(plan.job);
  if (!plan.held || record == applied.jobs.end()) return;
  if (record->second.held_reason != to_string(Reason::kHookFailed) || record->second.held_tree != plan.tree)
    return;
  for (auto* actions : {&plan.starts, &plan.upgrades}) {
    for (PlannedAction& action : *actions) {
      action.action = Action::kNone;
      action.reason = Reason::kHookFailed;
      waiting.push_back(std::move(action));
    }
    actions->clear();
  }
}

bool waits_for_value(const JobPlan& plan) { return plan.held && plan.held_reason == Reason::kMissingValue; }

}  // namespace

bool Pass::hooks_may_run() const {
  return deps_.hooks && deps_.judge.hooks_enabled() && memory_.authority.may_write();
}

// Serves the inbox until it has ended; a request to stop cancels it.
HookRoundEnd Pass::await_hooks(HookRunOrder order) {
  const auto end = std::make_shared<std::optional<HookRoundEnd>>();
  const HookRuns::Id id =
      deps_.hooks->start(std::move(order), [end](const HookRoundEnd& told) { *end = told; });
  bool cancelled = false;
  while (!*end) {
    if (!cancelled && deps_.control.stop_requested()) {
      cancelled = true;
      deps_.hooks->cancel(id);
    }
    deps_.inbox.serve(deps_.clock.now() + std::chrono::seconds(1));
  }
  return **end;
}

// Of the workspace by itself, so that also what waits for a value is there with its own content.
HookWorldPtr Pass::head_world(const JudgedPtr& judged) {
  Judge::Look look = deps_.judge.look(*judged, deps_.journal.state(), update_seq_);
  return std::make_shared<HookWorld>(std::move(look.desired), judged, std::move(look.sources),
                                     settings_.plan.ssh, deps_.journal.state());
}

bool Pass::owes_post_build(const Judged& judged) const {
  return deps_.hooks && deps_.judge.hooks_enabled() && has_post_build(judged.workspace) &&
         post_built(deps_.store) != judged.info.id;
}

// False: the commit is held, and memory_.hooks or post_build_waits_ says why. What its hooks have written is
// there only once all of them have succeeded.
bool Pass::passes_post_build(const JudgedPtr& judged) {
  HookMemory& memory = memory_.hooks;
  if (!owes_post_build(*judged)) return true;
  if (memory.post_build_of == judged->info.id && cause_ != "operator") return false;
  // Whoever has the workers, or takes them over now, has them run before anything else; nobody else does.
  recover_lost(judged->workspace);
  const auto wait_for_takeover = [this] {
    post_build_waits_ =
        std::string("its post_build hooks have not run: ") + explain(memory_.authority.reason());
    return false;
  };
  if (!hooks_may_run()) return wait_for_takeover();
  memory.post_build_of = {};
  memory_.phase.enter(Phase::kJudge, judged->info.id.str().substr(0, 12) + ", post_build");
  deps_.control.changed();
  std::set<JobName> with_hooks;
  for (const auto& [name, job] : judged->workspace.jobs) {
    if (has_hooks(job.commands, HookEvent::kPostBuild)) with_hooks.insert(name);
  }
  supply_certificates(judged, with_hooks);
  const HookWorldPtr world = head_world(judged);
  const DesiredState wanted = deps_.judge.desired(*judged, deps_.journal.state(), update_seq_);
  std::set<std::pair<int, JobName>> jobs;
  for (const auto& [name, job] : judged->workspace.jobs) {
    const auto known = wanted.jobs.find(name);
    if (known == wanted.jobs.end() || !has_hooks(job.commands, HookEvent::kPostBuild)) continue;
    if (known->second.held && !taken_when_it_can_be(known->second.held_reason)) continue;
    jobs.emplace(world->desired().jobs.at(name).wave, name);
  }
  if (!meet_before_hooks(*world, jobs)) return wait_for_takeover();
  const auto overlay = std::make_shared<HookOverlay>();
  std::string failures;
  for (const auto& [wave, name] : jobs) {
    HookRunOrder order{world, {}, "", 0, overlay};
    order.round.job = name;
    order.round.event = HookEvent::kPostBuild;
    order.round.members = world->active(name);
    const HookRoundEnd end = await_hooks(std::move(order));
    if (end.kind == HookRoundEnd::Kind::kCancelled)
      throw std::runtime_error("the daemon is leaving; post_build begins anew with the next one");
    if (end.kind == HookRoundEnd::Kind::kFailed)
      failures += (failures.empty() ? "" : "; ") + name.str() + ": " + end.detail;
  }
  if (failures.empty()) {
    const std::vector<ValueChange> changes = overlay->changes();
    const ValueWrite written =
        changes.empty() ? ValueWrite{} : deps_.hooks->values().write(changes, deps_.clock.wall());
    if (written.refusal != ValueRefusal::kNone) failures = "nothing was written: " + written.problem;
  }
  if (failures.empty()) {
    keep_post_built(deps_.store, judged->info.id);
    return true;
  }
  memory.post_build_of = judged->info.id;
  memory.post_build_failure = failures;
  return false;
}

// Whose rollout, or whose values, it has to wait for first; empty: nobody's.
JobName Pass::upstream_of_hooks(const Job& job) const {
  for (const Demand& demand : job.demands) {
    const auto found = memory_.plan.jobs.find(demand.job);
    if (found == memory_.plan.jobs.end()) continue;
    const JobPlan& plan = found->second;
    if ((!plan.held && brings(plan)) || plan.owes_hooks() || waits_for_value(plan) ||
        deferred_.count(demand.job) > 0)
      return demand.job;
  }
  return {};
}

// They reach the workers of their jobs as well. False: this store may not write any more, nor have hooks run.
bool Pass::meet_before_hooks(const HookWorld& world, const std::set<std::pair<int, JobName>>& jobs) {
  std::set<WorkerHost> hosts;
  for (const auto& [wave, name] : jobs) {
    for (const AllocationKey& key : world.active(name)) hosts.insert(key.worker);
  }
  std::vector<Endpoint> asked;
  for (const Worker& worker : world.desired().workers) {
    if (hosts.count(worker.host) > 0) asked.push_back(endpoint_of(worker, settings_.plan.ssh));
  }
  const auto newer = who_knows_more({deps_.inbox, deps_.runner, deps_.clock}, asked, deps_.journal.state(),
                                    memory_.met, [this] { return deps_.control.stop_requested(); });
  if (newer) fenced(*newer, kKeepsMore);
  return !newer;
}

// True: what was planned is to be planned again.
bool Pass::run_pre_deploy() {
  if (!hooks_may_run() || deps_.control.stop_requested()) return false;
  const ValueSnapshotPtr now = deps_.judge.values_now();
  std::set<std::pair<int, JobName>> due;
  bool deferred = false;
  for (const auto& [name, plan] : memory_.plan.jobs) {
    const bool waits = waits_for_value(plan);
    if (!waits && (plan.held || plan.rollback || plan.leaving || !brings(plan))) continue;
    if (plan_settings_.suspended.of(name) || (!plan.released && plan_settings_.closed.of(name))) continue;
    const auto head = memory_.accepted->workspace.jobs.find(name);
    if (head == memory_.accepted->workspace.jobs.end()) continue;
    const Job& job = head->second;
    if (!has_hooks(job.commands, HookEvent::kPreDeploy)) continue;
    if (pre_deployed_.count(name) > 0) continue;
    const auto ran = memory_.hooks.pre_deploy.find(name);
    if (ran != memory_.hooks.pre_deploy.end() && ran->second.tree == job.tree) {
      // One that waits tries it with other values; one that rolls out has had it.
      const bool news = ran->second.after != now || cause_ == "operator";
      if (!waits || !news) continue;
    }
    if (const JobName upstream = upstream_of_hooks(job); !upstream.empty()) {
      if (!waits && deferred_.count(name) == 0) {
        deferred_[name] = upstream;
        deferred = true;
      }
      continue;
    }
    due.emplace(plan.wave, name);
  }
  if (due.empty()) return deferred;
  memory_.phase.enter(Phase::kPlan, "pre_deploy");
  deps_.control.changed();
  const HookWorldPtr world = head_world(memory_.accepted);
  if (!meet_before_hooks(*world, due)) return true;
  std::map<JobName, std::string> failures;
  for (const auto& [wave, name] : due) {
    HookRunOrder order{world, {}, "", 0, nullptr};
    order.round.job = name;
    order.round.event = HookEvent::kPreDeploy;
    order.round.members = world->active(name);
    const HookRoundEnd end = await_hooks(std::move(order));
    if (end.kind == HookRoundEnd::Kind::kCancelled) return false;  // nothing more begins
    pre_deployed_.insert(name);
    if (end.kind == HookRoundEnd::Kind::kFailed) failures[name] = end.detail;
  }
  // A failure that cannot be put down leaves no word of having run: the next pass has them run again.
  const auto fails = [&](const JobName& name) {
    return failures.count(name) > 0 && !waits_for_value(memory_.plan.jobs.at(name));
  };
  const ValueSnapshotPtr after = deps_.judge.values_now();
  for (const auto& [wave, name] : due) {
    if (fails(name)) {
      memory_.hooks.pre_deploy.erase(name);
      continue;
    }
    const auto failed = failures.find(name);
    memory_.hooks.pre_deploy[name] = {memory_.accepted->workspace.jobs.at(name).tree, after,
                                      failed == failures.end() ? "" : failed->second};
  }
  for (const auto& [wave, name] : due) {
    if (!fails(name)) continue;
    const JobPlan& plan = memory_.plan.jobs.at(name);
    JobReport report;
    report.job = name;
    report.commit = plan.commit;
    report.tree = plan.tree;
    report.state = JobReport::State::kFailed;
    report.reason = Reason::kHookFailed;
    report.detail = failures.at(name);
    hook_failed_[name] = report.detail;
    remember_failure(report);
  }
  return true;
}

// What its hooks said where a job waits; and nothing begins of one whose hooks have failed in this pass.
void Pass::tell_hooks() {
  for (auto& [name, plan] : memory_.plan.jobs) {
    leave_what_hooks_failed_for(plan, deps_.journal.state(), memory_.plan.waiting);
    const auto failed = hook_failed_.find(name);
    if (failed != hook_failed_.end() && !plan.held) plan.hold(Reason::kHookFailed, failed->second);
    const auto ran = memory_.hooks.pre_deploy.find(name);
    if (ran == memory_.hooks.pre_deploy.end() || ran->second.failure.empty() || !waits_for_value(plan))
      continue;
    const auto head = memory_.accepted->workspace.jobs.find(name);
    if (head == memory_.accepted->workspace.jobs.end() || head->second.tree != ran->second.tree) continue;
    plan.held_detail += "; " + ran->second.failure;
  }
}

// R1.8: what a newer commit brings begins with hooks that run between two rollouts.
bool Pass::owes_pre_deploy(const JobName& name, const DesiredJob& job) const {
  if (!hooks_may_run() || job.held || !job.job || !has_hooks(job.job->commands, HookEvent::kPreDeploy))
    return false;
  const auto ran = memory_.hooks.pre_deploy.find(name);
  return ran == memory_.hooks.pre_deploy.end() || ran->second.tree != job.job->tree;
}

// `rollout_order`, written by a hook (list of differences).
void Pass::order_rollouts(Plan& plan) {
  const ValueSnapshotPtr values = deps_.judge.values_now();
  for (auto& [name, job] : plan.jobs) {
    if (job.held || job.rollback || job.leaving) continue;
    const ValueLookup written = values->find(own_facts(name), kRolloutOrderKey);
    if (written.value) put_in_order(job, rollout_order_from(written.value->value));
  }
}

// Before the first step of these rollouts: what a daemon that dies in them owes.
void Pass::put_down_hooks(const std::vector<const JobPlan*>& plans) {
  std::map<JobName, TreeId> owed;
  for (const JobPlan* plan : plans) {
    if (!plan->held && brings(*plan) && (plan->hooks.post_deploy || plan->hooks.control))
      owed[plan->job] = plan->tree;
  }
  if (owed.empty()) return;
  owe_hooks(deps_.store, owed);
  plan_settings_.owed_hooks = owed_hooks(deps_.store);
}

// Its rollout came to its end.
void Pass::settle_rollout_hooks(const JobReport& job) {
  if (job.state != JobReport::State::kDone && job.state != JobReport::State::kDegraded) return;
  if (!job.owes_hooks) settle_hooks(deps_.store, job.job, job.tree);
  if (job.state != JobReport::State::kDone) return;
  memory_.hooks.pre_deploy.erase(job.job);
  const bool brought = std::any_of(job.allocations.begin(), job.allocations.end(), [](const auto& one) {
    return one.state == AllocationReport::State::kDone && ships_files(one.action.action);
  });
  if (!brought || !deps_.hooks) return;
  // An order counts for one rollout (workspace.md 9.6).
  const ValueSnapshotPtr values = deps_.judge.values_now();
  if (values->find(own_facts(job.job), kRolloutOrderKey).value) {
    deps_.hooks->values().write(
        {{ValueChange::Kind::kDelete, own_facts(job.job), std::string(kRolloutOrderKey), ""}},
        deps_.clock.wall());
  }
}

// Whoever waited for an upstream goes on with the next pass, if that one came through.
void Pass::go_on_after_hooks() {
  for (const auto& [name, upstream] : deferred_) {
    const bool through = std::any_of(
        memory_.jobs.begin(), memory_.jobs.end(), [&upstream = upstream](const JobReport& report) {
          return report.job == upstream && report.state == JobReport::State::kDone;
        });
    result_.again = result_.again || through;
  }
}

HookWorldPtr Pass::hook_world() {
  if (!hook_world_)
    hook_world_ = std::make_shared<HookWorld>(desired_, memory_.accepted, deps_.judge.sources(),
                                              settings_.plan.ssh, deps_.journal.state());
  return hook_world_;
}

// A round that the machine asks for. It belongs to what the job's rollout began with, whatever a newer
// commit, or a job that goes back, has made of the desired state since.
void Pass::run_hooks(const Step& step, std::function<void(const HookRoundEnd&)> done) {
  const auto world = hook_worlds_.find(step.hooks.job);
  if (!hooks_may_run() || world == hook_worlds_.end()) {
    deps_.inbox.post([done = std::move(done)] {
      done({HookRoundEnd::Kind::kFailed, "hooks cannot run here"});
    });
    return;
  }
  if (is_ordered(step.hooks.job)) return order_hooks_.start(world->second, step.hooks, std::move(done));
  const bool owed = step.hooks.event == HookEvent::kStarted || step.hooks.event == HookEvent::kStopped;
  if (owed) {
    done = [self = std::weak_ptr<Pass*>(self_), this, round = step.hooks,
            done = std::move(done)](const HookRoundEnd& end) {
      try {
        if (!self.expired() && end.kind == HookRoundEnd::Kind::kDone)
          memory_.hooks.rounds.settle(deps_.store, round);
      } catch (const StoreError&) {
        // They are owed still, and run once more (at least once); the rollout meets the same error.
      }
      done(end);
    };
  }
  const auto id = std::make_shared<HookRuns::Id>();
  *id = deps_.hooks->start(
      {world->second, step.hooks, "", 0, nullptr},
      [self = std::weak_ptr<Pass*>(self_), this, id, done = std::move(done)](const HookRoundEnd& end) {
        if (!self.expired()) rounds_running_.erase(*id);
        done(end);
      });
  rounds_running_.insert(*id);
}

// Stops those of the rollout, and waits for their end.
void Pass::end_hooks() {
  const std::set<HookRuns::Id> running = rounds_running_;
  for (const HookRuns::Id id : running) deps_.hooks->cancel(id);
  while (!rounds_running_.empty()) {
    try {
      deps_.inbox.serve(deps_.clock.now() + std::chrono::seconds(1));
    } catch (const std::exception&) {
      // Of what has ended already.
    }
  }
}

}  // namespace maand
