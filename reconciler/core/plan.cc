#include "reconciler/core/plan.h"

#include <algorithm>

#include "reconciler/core/allocation_decision.h"
#include "reconciler/core/earlier_passes.h"
#include "reconciler/core/hook_commands.h"
#include "reconciler/core/port_handover.h"
#include "reconciler/core/removal_budget.h"
#include "reconciler/core/renames.h"
#include "reconciler/core/rollback_plan.h"
#include "reconciler/core/worker_table.h"

namespace maand {
namespace {

using AppliedIt = std::map<AllocationKey, AppliedAllocation>::const_iterator;

// An allocation that would be left alone has to let go of a declared port.
Decision let_go(Decision decision, const AppliedAllocation* applied, const std::set<AllocationKey>& must) {
  const bool idle = decision.reason == Reason::kUnchanged || decision.reason == Reason::kNewBaseline ||
                    decision.reason == Reason::kSettled;  // a restart has its gate as well
  if (!idle || !applied || must.count(applied->key) == 0) return decision;
  return {Action::kRestart, Reason::kPortHandedOver};
}

// Plans one job after the other over both sorted sides.
class Planner {
 public:
  // `must_let_go`: allocations that are restarted although nothing of them differs.
  Planner(const DesiredState& desired, const AppliedState& applied, const PlanSettings& settings,
          const std::set<AllocationKey>& must_let_go)
      : desired_(desired),
        applied_(applied),
        settings_(settings),
        must_let_go_(must_let_go),
        lookalikes_(find_lookalikes(desired, applied, settings)),
        table_(desired.workers, settings.ssh) {
    plan_.commit = desired.commit;
  }

  Plan run() {
    auto applied = applied_.allocations.begin();
    auto job = desired_.jobs.begin();
    while (applied != applied_.allocations.end() || job != desired_.jobs.end()) {
      const bool only_applied = job == desired_.jobs.end() ||
                                (applied != applied_.allocations.end() && applied->first.job < job->first);
      const JobName name = only_applied ? applied->first.job : job->first;
      AppliedIt end = applied;
      while (end != applied_.allocations.end() && end->first.job == name) ++end;
      if (only_applied) {
        plan_leaving(name, applied, end);
      } else {
        plan_job(job->second, applied, end);
        ++job;
      }
      applied = end;
    }
    // Before ports and the budget are looked at: neither counts on what does not begin.
    for (auto& [name, one] : plan_.jobs) {
      const Suspension* suspension = settings_.suspended.of(name);
      const bool begins = one.has_actions() || one.bakes() || one.owes_hooks();
      if (suspension && begins && !is_begun(one)) one.hold(Reason::kSuspended, sentence(*suspension));
      // Going back waits for no window: what failed is what runs meanwhile.
      const Closure* closure = one.released || one.rollback ? nullptr : settings_.closed.of(name);
      if (closure && begins) one.hold(Reason::kWindowClosed, sentence(*closure, name));
      if (settings_.withheld && begins) one.hold(settings_.withheld->first, settings_.withheld->second);
      one.empties = only_drains(one);
    }
    hold_removals_over_budget(plan_, desired_, applied_, settings_);
    return std::move(plan_);
  }

 private:
  static bool only_drains(const JobPlan& plan) {
    return !plan.drains.empty() && plan.starts.empty() && plan.upgrades.empty() &&
           std::all_of(plan.drains.begin(), plan.drains.end(),
                       [](const PlannedAction& stop) { return stop.reason == Reason::kDrained; });
  }

  // R5.5: going back that was begun is finished.
  bool is_begun(const JobPlan& plan) const {
    const auto record = applied_.jobs.find(plan.job);
    return plan.rollback && record != applied_.jobs.end() && record->second.rollback == Rollback::kBegun;
  }

  JobPlan new_plan(const JobName& name) const {
    JobPlan plan;
    plan.job = name;
    const auto record = applied_.jobs.find(name);
    if (record != applied_.jobs.end()) plan.wave = record->second.wave;
    for (const Target target : {Target::kStart, Target::kStop, Target::kRestart, Target::kReload}) {
      plan.timeouts[target] = settings_.lifecycle_timeout;
    }
    return plan;
  }

  void add(JobPlan& plan, const AllocationKey& key, const Decision& decision, const Wanted* wanted,
           const AppliedAllocation* applied, std::size_t most = 0) {
    PlannedAction action = as_drained(action_of(key, decision, wanted, applied), desired_);
    switch (decision.action) {
      case Action::kNone:
        plan_.waiting.push_back(std::move(action));
        return;
      case Action::kStop:
        if (decision.then_remove) {
          PlannedAction removal = action;
          removal.action = Action::kRemove;
          plan.removals.push_back(std::move(removal));
        }
        plan.drains.push_back(std::move(action));
        break;
      case Action::kRemove:
      case Action::kForget:
        plan.removals.push_back(std::move(action));
        break;
      case Action::kStart:
        plan.starts.push_back(std::move(action));
        break;
      default:
        if (plan.upgrades.empty()) plan.upgrades.reserve(most);
        plan.upgrades.push_back(std::move(action));
        break;
    }
    const bool is_active = target_of(decision.action) != Target::kStop && ships_files(decision.action);
    if (!is_active) plan.endpoints[key.worker] = table_.endpoint(key.worker, applied);
  }

  void plan_left(JobPlan& plan, const AppliedAllocation& allocation) {
    if (settings_.abandoned.count(allocation.key.worker) > 0) {
      add(plan, allocation.key, {Action::kNone, Reason::kAbandoned}, nullptr, &allocation);
      return;
    }
    const Decision decision =
        restrained(decide(situation_of(nullptr, &allocation, false)), nullptr, &allocation, desired_.commit);
    add(plan, allocation.key, decision, nullptr, &allocation);
  }

  Decision without_content(const DesiredJob& job, const AppliedAllocation& applied) const {
    const bool listed = table_.place_of(applied.key.worker).has_value();
    const Decision decision =
        restrained(decide_without_content(applied, job, listed, desired_.disabled.covers(applied.key)),
                   nullptr, &applied, desired_.commit);
    return as_drained(decision, desired_, applied.key.worker);
  }

  void plan_unknown(JobPlan& plan, const DesiredJob& job, const AppliedAllocation& applied) {
    const Decision decision = without_content(job, applied);
    if (decision.action != Action::kNone || decision.reason == Reason::kMoveWaits)
      add(plan, applied.key, decision, nullptr, &applied);
  }

  // The directory is gone: the only way a job is removed (R1.6).
  void plan_leaving(const JobName& name, AppliedIt begin, AppliedIt end) {
    JobPlan plan = new_plan(name);
    plan.leaving = true;
    if (!desired_.unknown_jobs.empty()) {
      plan.held = true;
      plan.held_reason = Reason::kMayBeRenamed;
      for (const JobName& unknown : desired_.unknown_jobs) {
        plan.held_detail += (plan.held_detail.empty() ? "jobs/" : ", jobs/") + unknown.str();
      }
    } else if (const auto waits = settings_.unsettled.find(name); waits != settings_.unsettled.end()) {
      plan.held = true;
      plan.held_reason = Reason::kUnsettled;
      plan.held_detail = waits->second;
    } else if (const std::string looks = looks_renamed(name); !looks.empty()) {
      plan.held = true;
      plan.held_reason = Reason::kLooksRenamed;
      plan.held_detail = looks;
    } else {
      for (auto it = begin; it != end; ++it) plan_left(plan, it->second);
      plan.released = !plan.drains.empty() &&
                      std::all_of(plan.drains.begin(), plan.drains.end(), [this](const PlannedAction& stop) {
                        return settings_.released_removals.count(stop.key) > 0;
                      });
    }
    if (plan.held || plan.has_actions()) plan_.jobs.emplace(name, std::move(plan));
  }

  // Why the job that is gone looks like one that is new; empty: it does not.
  std::string looks_renamed(const JobName& gone) const {
    const auto it = lookalikes_.by_gone.find(gone);
    return it == lookalikes_.by_gone.end() ? "" : it->second;
  }

  // Data must not be begun anew where it may be about to come along, nor anything beside what still runs.
  void hold_what_waits(JobPlan& plan) {
    if (const auto it = lookalikes_.by_new.find(plan.job); it != lookalikes_.by_new.end()) {
      plan.hold(Reason::kLooksRenamed, it->second);
    } else if (const auto waits = settings_.unsettled.find(plan.job); waits != settings_.unsettled.end()) {
      plan.hold(Reason::kUnsettled, waits->second);
    }
  }

  void plan_job(const DesiredJob& desired, AppliedIt begin, AppliedIt end) {
    JobPlan plan = new_plan(desired.name);
    if (desired.job) plan.wave = desired.wave;  // else the wave it had
    plan.commit = desired.commit;
    plan.held = desired.held;
    plan.held_reason = desired.held_reason;
    plan.held_detail = desired.held_detail;
    const Job* job = desired.job.get();
    const auto record = applied_.jobs.find(desired.name);
    if (record != applied_.jobs.end() && goes_back(desired, record->second)) {
      plan_going_back(std::move(plan), desired, record->second, begin, end);
      return;
    }
    if (!job) {
      for (auto it = begin; it != end; ++it) plan_unknown(plan, desired, it->second);
      plan_.jobs.emplace(desired.name, std::move(plan));
      return;
    }
    bool any_running = false;
    elsewhere_.clear();
    for (auto it = begin; it != end; ++it) {
      any_running = any_running || it->second.running;
      const std::optional<std::uint32_t> place = table_.lay(it->second);
      const bool wanted = place && std::binary_search(desired.workers.begin(), desired.workers.end(), *place);
      if (!wanted) elsewhere_.push_back(&it->second);
    }
    const bool nowhere = desired.workers.empty() && any_running;
    if (nowhere && desired.held_tree.empty()) {
      plan.held = true;
      plan.held_reason = Reason::kNoPlacement;
      plan.held_detail = "no worker has every label of its selectors";
    } else {
      plan_wanted(plan, desired);
      hold_what_waits(plan);
      for (const AppliedAllocation* allocation : elsewhere_) {
        if (nowhere || placed_by_failed_rollout(desired, *allocation)) {
          add(plan, allocation->key, without_content(desired, *allocation), nullptr, allocation);
        } else {
          plan_left(plan, *allocation);
        }
      }
    }
    const bool bakes = !plan.held && record != applied_.jobs.end() && record->second.bake_left.count() > 0 &&
                       record->second.bake_tree == job->tree;
    const bool owes = !plan.held && owes_hooks(*job) && has_hooks(job->commands, HookEvent::kPostDeploy);
    if (plan.held || plan.has_actions() || bakes || owes) {
      describe(plan, desired);
      if (bakes) take_up_bake(plan, record->second, applied_);
      if (plan.held || plan.has_actions() || plan.bakes() || plan.owes_hooks())
        plan_.jobs.emplace(desired.name, std::move(plan));
    }
    table_.clear();
  }

  void plan_going_back(JobPlan plan, const DesiredJob& desired, const JobRecord& record, AppliedIt begin,
                       AppliedIt end) {
    for (auto it = begin; it != end; ++it) table_.lay(it->second);
    if (desired.job) describe(plan, desired);  // what is put back tells how it is gated
    plan.hooks = {};                           // R5.2
    RollbackPlan back = plan_rollback(record, applied_, !plan.health.checks.empty());
    plan.tree = record.held_tree;
    plan.rollback = true;
    plan.held = false;
    plan.held_detail.clear();
    plan.drains = std::move(back.stops);
    plan.upgrades = std::move(back.restores);
    for (const auto* actions : {&plan.drains, &plan.upgrades}) {
      for (const PlannedAction& action : *actions)
        plan.endpoints[action.key.worker] = table_.endpoint(action.key.worker, applied_.find(action.key));
    }
    plan.unsettled = !back.unsettled.empty();
    plan_.unchanged += static_cast<std::size_t>(std::distance(begin, end)) - plan.drains.size() -
                       plan.upgrades.size() - back.unsettled.size();
    for (PlannedAction& waiting : back.unsettled) plan_.waiting.push_back(std::move(waiting));
    plan_.jobs.emplace(desired.name, std::move(plan));
    table_.clear();
  }

  void plan_wanted(JobPlan& plan, const DesiredJob& desired) {
    const Job& job = *desired.job;
    const bool maybe_disabled = !desired_.disabled.workers.empty() || !desired_.disabled.jobs.empty();
    for (std::size_t i = 0; i < desired.workers.size(); ++i) {
      const std::uint32_t worker = desired.workers[i];
      const AppliedAllocation* applied = table_.at(worker);
      const WorkerHost& host = desired_.workers[worker].host;
      const bool disabled = maybe_disabled && desired_.disabled.covers({job.name, host});
      const Wanted wanted{job, desired.content(i)};
      Situation situation = situation_of(&wanted, applied, disabled);
      situation.control_owed = situation.control && owes_hooks(job);
      Decision decision = as_drained(
          let_go(restrained(decide(situation), &desired, applied, desired_.commit), applied, must_let_go_),
          desired_, host);
      // What only its hooks can bring up waits for content whose hooks may run.
      if (desired.held && situation.control && brings_up(decision.action))
        decision = {Action::kNone, desired.held_reason};
      if (decision.reason == Reason::kUnchanged ||
          (decision.action == Action::kNone &&
           (decision.reason == Reason::kDisabled || decision.reason == Reason::kDrained))) {
        ++plan_.unchanged;
      } else if (decision.reason == Reason::kNewBaseline) {
        plan_.baselines.emplace_back(applied->key, wanted.content.compared->digest);
        ++plan_.unchanged;
      } else {
        add(plan, {job.name, host}, decision, &wanted, applied, desired.workers.size());
      }
    }
  }

  static bool brings_up(Action action) {
    return action == Action::kControl || target_of(action) == Target::kStart ||
           target_of(action) == Target::kRestart || target_of(action) == Target::kReload;
  }

  bool owes_hooks(const Job& job) const {
    const auto owed = settings_.owed_hooks.find(job.name);
    return owed != settings_.owed_hooks.end() && owed->second == job.tree;
  }

  // What the rollout machine needs to know of a job that has something to do.
  void describe(JobPlan& plan, const DesiredJob& desired) {
    const Job& job = *desired.job;
    plan.tree = job.tree;
    plan.max_concurrent_starts = job.max_concurrent_starts;
    plan.max_concurrent_upgrades = job.max_concurrent_upgrades;
    plan.health = desired.health;
    plan.policy = job.rollout;
    for (const auto& [target, limit] : job.timeouts) plan.timeouts[target] = limit;
    plan.demands = job.demands;
    if (!plan.held) {
      plan.hooks = job_hooks(job.commands);
      plan.hooks.post_deploy_owed = plan.hooks.post_deploy && owes_hooks(job);
    }
    const auto ports = desired_.ports.find(job.name);
    if (ports != desired_.ports.end()) plan.ports = ports->second;
    const auto record = applied_.jobs.find(job.name);
    plan.released = record != applied_.jobs.end() && !record->second.released_tree.empty() &&
                    record->second.released_tree == job.tree;
    plan.active.reserve(desired.workers.size());
    for (const std::uint32_t worker : desired.workers) {
      AllocationKey key{job.name, desired_.workers[worker].host};
      if (desired_.disabled.covers(key)) continue;
      const AppliedAllocation* applied = table_.at(worker);
      if (applied && applied->stopped_by) continue;
      ActiveAllocation& active = plan.active.emplace_back();
      active.key = std::move(key);
      active.endpoint = table_.endpoint(worker);
      if (applied) {
        active.health = applied->health;
        active.failed = applied->last == LastResult::kFailed;
        active.open = applied->open.has_value();
        active.running = applied->running;
        active.version = applied->version;
      }
    }
    count_earlier_passes(plan, applied_);
  }

  const DesiredState& desired_;
  const AppliedState& applied_;
  const PlanSettings& settings_;
  const std::set<AllocationKey>& must_let_go_;
  const Lookalikes lookalikes_;
  WorkerTable table_;
  std::vector<const AppliedAllocation*> elsewhere_;  // of the job at hand, where it is not wanted
  Plan plan_;
};

}  // namespace

bool Plan::has_actions() const {
  return std::any_of(jobs.begin(), jobs.end(), [](const auto& job) { return job.second.has_actions(); });
}

bool Plan::heals() const {
  return std::any_of(jobs.begin(), jobs.end(), [](const auto& job) {
    const std::vector<PlannedAction>& upgrades = job.second.upgrades;
    return std::any_of(upgrades.begin(), upgrades.end(),
                       [](const PlannedAction& action) { return action.reason == Reason::kDrifted; });
  });
}

Plan make_plan(const DesiredState& desired, const AppliedState& applied, const PlanSettings& settings) {
  std::set<AllocationKey> must_let_go;
  while (true) {  // ends: every round adds an allocation
    Plan plan = Planner(desired, applied, settings, must_let_go).run();
    const std::set<AllocationKey> more = arrange_handovers(plan, desired, applied, must_let_go);
    if (more.empty()) return plan;
    must_let_go.insert(more.begin(), more.end());
  }
}

}  // namespace maand
