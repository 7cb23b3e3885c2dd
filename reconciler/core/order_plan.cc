#include "reconciler/core/order_plan.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "reconciler/core/allocation_decision.h"
#include "reconciler/core/hook_commands.h"
#include "reconciler/core/restart.h"
#include "reconciler/core/text.h"
#include "reconciler/core/worker_table.h"

namespace maand {

const char* to_string(JobVerb verb) {
  switch (verb) {
    case JobVerb::kStart:
      return "start";
    case JobVerb::kStop:
      return "stop";
    case JobVerb::kRestart:
      return "restart";
  }
  return "start";
}

std::optional<JobVerb> job_verb_from(std::string_view word) {
  for (const JobVerb verb : {JobVerb::kStart, JobVerb::kStop, JobVerb::kRestart}) {
    if (word == to_string(verb)) return verb;
  }
  return std::nullopt;
}

namespace {

class OrderPlanner {
 public:
  OrderPlanner(const JobOrder& order, const DesiredState& desired, const AppliedState& applied,
               const PlanSettings& settings)
      : order_(order),
        desired_(desired),
        applied_(applied),
        settings_(settings),
        table_(desired.workers, settings.ssh) {
    const auto job = desired.jobs.find(order.job);
    if (job != desired.jobs.end()) wanted_ = &job->second;
  }

  OrderPlan run() {
    gather();
    if (!refuse()) {
      describe();
      for (const WorkerHost& host : chosen()) judge(host);
      add_active();
      limit();
    }
    return std::move(out_);
  }

 private:
  struct Place {
    const AppliedAllocation* applied = nullptr;
    std::optional<std::size_t> wanted;  // which of DesiredJob::workers
  };

  bool stops() const { return order_.verb == JobVerb::kStop; }
  // 11.1: its job_control hooks do what its Makefile does for others. Not where the workspace has it no more:
  // whoever is not placed is nobody they know.
  bool by_hooks(const Place& place) const {
    return place.wanted && has_hooks(content()->commands, HookEvent::kJobControl);
  }
  void hand_to_hooks(PlannedAction action) {
    action.action = Action::kControl;
    out_.job.hooks.control = true;
    out_.job.hooks.target = to_string(order_.verb);
    out_.job.upgrades.push_back(std::move(action));
  }
  const Job* content() const { return wanted_ ? wanted_->job.get() : nullptr; }

  void gather() {
    for (auto it = applied_.allocations.lower_bound({order_.job, WorkerHost{}});
         it != applied_.allocations.end() && it->first.job == order_.job; ++it)
      places_[it->first.worker].applied = &it->second;
    for (std::size_t i = 0; content() && i < wanted_->workers.size(); ++i)
      places_[desired_.workers[wanted_->workers[i]].host].wanted = i;
  }

  // What is nobody's matter here, or would break what an operator or another order said before.
  bool refuse() {
    const std::string job = "`" + order_.job.str() + "`";
    std::vector<std::string> strange, known;
    for (const WorkerHost& host : order_.workers) {
      if (places_.count(host) == 0) strange.push_back(printable(host.str()));
    }
    for (const auto& [host, place] : places_) known.push_back(host.str());
    const auto record = applied_.jobs.find(order_.job);
    const bool recorded = record != applied_.jobs.end();
    const Suspension* suspension = settings_.suspended.of(order_.job);
    const auto unsettled = settings_.unsettled.find(order_.job);
    if (places_.empty()) {
      out_.unknown = !wanted_;
      out_.refused = wanted_ ? job + " has no allocation" + why_nowhere() : "no job " + job + " is known";
      out_.refused += "; `maand status` lists what is there";
    } else if (!strange.empty()) {
      out_.unknown = true;
      out_.refused = job + " is not on " + join_words(strange) + "; it is on " + join_words(known);
    } else if (settings_.withheld) {
      out_.refused = std::string(explain(settings_.withheld->first)) + ": " + settings_.withheld->second;
    } else if (recorded && record->second.rollback == Rollback::kBegun) {
      out_.refused = job + " goes back from a rollout that failed; wait until that has ended";
    } else if (stops()) {
      return false;
    } else if (suspension) {
      out_.refused = job + " is suspended " + sentence(*suspension);
    } else if (recorded && record->second.rollback == Rollback::kDue) {
      out_.refused = job + " is about to go back from a rollout that failed; wait until that has ended";
    } else if (unsettled != settings_.unsettled.end()) {
      out_.refused = job + " has to wait: " + unsettled->second;
    }
    return !out_.refused.empty();
  }

  // What keeps its content from being had, as far as that is why.
  std::string why_nowhere() const {
    if (content() || !wanted_->held) return "";
    return " yet: " + why_held();
  }
  std::string why_held() const {
    return std::string(to_string(wanted_->held_reason)) + " (" +
           (wanted_->held_detail.empty() ? explain(wanted_->held_reason) : wanted_->held_detail) + ")";
  }

  std::set<WorkerHost> chosen() const {
    std::set<WorkerHost> hosts(order_.workers.begin(), order_.workers.end());
    if (hosts.empty()) {
      for (const auto& [host, place] : places_) hosts.insert(host);
    }
    return hosts;
  }

  // What the rollout machine needs to know, whoever is acted on.
  void describe() {
    JobPlan& plan = out_.job;
    plan.job = order_.job;
    plan.wave = std::numeric_limits<int>::min();  // one job alone has nobody to wait for
    for (const Target target : {Target::kStart, Target::kStop, Target::kRestart, Target::kReload})
      plan.timeouts[target] = settings_.lifecycle_timeout;
    const Job* job = content();
    if (!job) return;
    plan.commit = wanted_->commit;
    plan.tree = job->tree;
    plan.max_concurrent_upgrades = job->max_concurrent_upgrades;
    plan.max_concurrent_starts = job->max_concurrent_upgrades;  // by hand, nothing comes all at once
    if (order_.health_check && !stops()) {
      plan.health = wanted_->health;
      plan.hooks.health = has_hooks(job->commands, HookEvent::kJobControl) &&
                          has_hooks(job->commands, HookEvent::kHealthCheck);
    }
    plan.policy = job->rollout;
    for (const auto& [target, limit] : job->timeouts) plan.timeouts[target] = limit;
    const auto ports = desired_.ports.find(order_.job);
    if (ports != desired_.ports.end()) plan.ports = ports->second;
  }

  void leave(const AllocationKey& key, bool wrong, std::string why) {
    out_.left.push_back({key, wrong, std::move(why)});
  }

  void judge(const WorkerHost& host) {
    const AllocationKey key{order_.job, host};
    const Place& place = places_.at(host);
    if (!place.applied ||
        (!place.applied->files && place.applied->last == LastResult::kNone && !place.applied->open)) {
      return leave(key, true, "it was never deployed there; the pass that is due does that");
    }
    const AppliedAllocation& applied = *place.applied;
    if (applied.open) return leave(key, true, explain(Reason::kUnsettled));
    if (!applied.moved_from.empty())
      return leave(key, true, "its directory has still to move from " + applied.moved_from.str());
    if (stops()) return stop(key, applied, place);
    if (!place.wanted)
      return leave(key, true, wanted_ && !content() ? explain(wanted_->held_reason) : explain(Reason::kLeft));
    if (const auto drain = desired_.drained.find(key.worker); drain != desired_.drained.end())
      return leave(key, true, "its worker is drained " + sentence(drain->first, drain->second));
    if (desired_.disabled.covers(key)) return leave(key, true, explain(Reason::kDisabled));
    const Wanted wanted{*content(), wanted_->content(*place.wanted)};
    order_.verb == JobVerb::kStart ? start(key, applied, place, wanted)
                                   : restart(key, applied, place, wanted);
  }

  void stop(const AllocationKey& key, const AppliedAllocation& applied, const Place& place) {
    Situation situation;
    situation = situation_of(nullptr, &applied, false);
    if (!situation.running && !situation.may_run) {
      out_.idle.push_back(key);
      return leave(key, false, applied.stopped_by ? "it was stopped before" : "nothing of it runs there");
    }
    std::optional<Wanted> wanted;
    if (place.wanted) wanted.emplace(Wanted{*content(), wanted_->content(*place.wanted)});
    PlannedAction action =
        action_of(key, {Action::kStop, Reason::kStoppedByOperator}, wanted ? &*wanted : nullptr, &applied);
    if (by_hooks(place) && applied.files) {
      lay_what_lies_there(action, applied);
      hand_to_hooks(std::move(action));
    } else {
      out_.job.drains.push_back(std::move(action));
    }
    out_.job.endpoints[key.worker] = table_.endpoint(key.worker, &applied);
    out_.terms[key] = {applied.tree, applied.commit};
  }

  void start(const AllocationKey& key, const AppliedAllocation& applied, const Place& place,
             const Wanted& wanted) {
    // Hooks that were to stop it and failed have left both, that it runs and the word.
    if (applied.running && applied.last == LastResult::kConfirmed && !applied.stopped_by)
      return leave(key, false, "it runs already");
    // As in a pass: its hooks are those of what is held back.
    if (by_hooks(place) && wanted_->held) return leave(key, true, why_held());
    const Decision decision =
        restrained({Action::kStart, Reason::kReEnabled}, wanted_, &applied, desired_.commit);
    if (decision.action == Action::kNone) return leave(key, true, explain(decision.reason));
    if (const std::string taken = taken_port(key.worker); !taken.empty()) return leave(key, true, taken);
    PlannedAction action = action_of(key, decision, &wanted, &applied);
    by_hooks(place) ? hand_to_hooks(std::move(action)) : out_.job.starts.push_back(std::move(action));
  }

  void restart(const AllocationKey& key, const AppliedAllocation& applied, const Place& place,
               const Wanted& wanted) {
    if (applied.stopped_by) {
      return leave(key, true,
                   "it was stopped by " + applied.stopped_by->actor + " (" + applied.stopped_by->reason +
                       "); `maand job start` starts it");
    }
    if (!applied.running) return leave(key, true, "it does not run there; `maand job start` starts it");
    PlannedAction action = action_of(key, {Action::kRestart, Reason::kOrdered}, &wanted, &applied);
    if (files_differ(wanted.content, applied) || version_differs(wanted.job, applied)) {
      // R1.10, R5.6: what is newer comes when it is due, not with this.
      const std::string why = ports_differ(applied) ? "its ports change"
                              : !applied.files      ? "its files are not known"
                              : applied.drift       ? "its files have drifted"
                                                    : "";
      if (!why.empty()) return leave(key, true, why + "; the pass that is due restarts it");
      lay_what_lies_there(action, applied);
      out_.terms[key] = {applied.tree, applied.commit};
    }
    by_hooks(place) ? hand_to_hooks(std::move(action)) : out_.job.upgrades.push_back(std::move(action));
  }

  static void lay_what_lies_there(PlannedAction& action, const AppliedAllocation& applied) {
    action.files = applied.files;
    action.rendered_with = applied.rendered_with;
    action.new_version = applied.version;
  }

  bool ports_differ(const AppliedAllocation& applied) const {
    std::vector<int> wanted;
    for (const auto& [name, number] : out_.job.ports) wanted.push_back(number);
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    return wanted != applied.holds;
  }

  // Another job of the worker that still has what this one takes; empty: none does.
  std::string taken_port(const WorkerHost& host) const {
    for (const auto& [key, other] : applied_.allocations) {
      if (key.worker != host || key.job == order_.job) continue;
      for (const int held : held_ports(other)) {
        for (const auto& [name, number] : out_.job.ports) {
          if (number == held) return "port " + std::to_string(held) + " is still held by " + key.str();
        }
      }
    }
    return "";
  }

  // Over whom availability is counted (R2.5): as in a pass, and those that come up now.
  void add_active() {
    if (!content()) return;
    std::set<WorkerHost> comes, goes;
    for (const PlannedAction& action : out_.job.starts) comes.insert(action.key.worker);
    for (const PlannedAction& action : out_.job.drains) goes.insert(action.key.worker);
    for (const PlannedAction& action : out_.job.upgrades) (stops() ? goes : comes).insert(action.key.worker);
    for (const std::uint32_t worker : wanted_->workers) {
      const AllocationKey key{order_.job, desired_.workers[worker].host};
      const AppliedAllocation* applied = places_.at(key.worker).applied;
      const bool stopped = applied && applied->stopped_by && comes.count(key.worker) == 0;
      if (desired_.disabled.covers(key) || stopped || goes.count(key.worker) > 0) continue;
      ActiveAllocation& active = out_.job.active.emplace_back();
      active.key = key;
      active.endpoint = table_.endpoint(worker);
      if (!applied) continue;
      active.health = applied->health;
      active.failed = applied->last == LastResult::kFailed;
      active.running = applied->running;
      active.version = applied->version;
    }
  }

  // An order is no rollout: there is nothing to prove before the rest, and nothing to go back to.
  void limit() {
    RolloutPolicy& policy = out_.job.policy;
    policy.on_failure = RolloutPolicy::OnFailure::kHold;
    policy.canary = 0;
    policy.bake = Seconds{0};
    policy.attempts = 1;
    if (order_.verb != JobVerb::kStart) policy.confirm = Seconds{0};
    // What is to be stopped is, wherever that goes well.
    if (stops()) policy.max_failures = static_cast<int>(out_.job.drains.size() + out_.job.upgrades.size());
  }

  const JobOrder& order_;
  const DesiredState& desired_;
  const AppliedState& applied_;
  const PlanSettings& settings_;
  WorkerTable table_;
  const DesiredJob* wanted_ = nullptr;  // null: the workspace has no such job
  std::map<WorkerHost, Place> places_;
  OrderPlan out_;
};

}  // namespace

OrderPlan plan_order(const JobOrder& order, const DesiredState& desired, const AppliedState& applied,
                     const PlanSettings& settings) {
  return OrderPlanner(order, desired, applied, settings).run();
}

}  // namespace maand
