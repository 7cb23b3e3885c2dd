#include "reconciler/core/port_handover.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace maand {
namespace {

bool runs_a_target(const PlannedAction& action) {
  const Target target = target_of(action.action);
  return target != Target::kNone && target != Target::kStop;
}

bool has_number(const PortNumbers& ports, int number) {
  return std::any_of(ports.begin(), ports.end(),
                     [number](const auto& port) { return port.second == number; });
}

PlannedAction* find(std::vector<PlannedAction>& actions, const WorkerHost& worker) {
  const auto it = std::find_if(actions.begin(), actions.end(),
                               [&](const PlannedAction& action) { return action.key.worker == worker; });
  return it == actions.end() ? nullptr : &*it;
}

class Arranger {
 public:
  Arranger(Plan& plan, const DesiredState& desired, const AppliedState& applied,
           const std::set<AllocationKey>& asked)
      : plan_(plan), desired_(desired), applied_(applied), asked_(asked) {}

  std::set<AllocationKey> run() {
    list_wanted();
    if (wanted_.empty()) return {};
    find_waits();
    if (!idle_.empty()) return std::move(idle_);
    break_circles();
    for (PortWait& wait : waits_) tell(wait);
    return {};
  }

 private:
  using Wait = std::size_t;

  void list_wanted() {
    for (auto& [name, job] : plan_.jobs) {
      const bool acts = std::any_of(job.starts.begin(), job.starts.end(), runs_a_target) ||
                        std::any_of(job.upgrades.begin(), job.upgrades.end(), runs_a_target);
      if (!acts) continue;
      for (const auto& [port, number] : job.ports) wanted_[number].push_back(&job);
    }
  }

  void find_waits() {
    const AppliedAllocation* before = nullptr;  // of the same job, and contested by nobody
    for (const auto& [key, allocation] : applied_.allocations) {
      if (allocation.holds.empty() && !allocation.open) continue;
      if (before && !allocation.open && before->key.job == key.job && before->holds == allocation.holds)
        continue;
      before = nullptr;
      bool contested = false;
      const std::vector<int> numbers = held_ports(allocation);
      for (const int number : numbers) {
        const auto takers = wanted_.find(number);
        if (takers == wanted_.end()) continue;
        for (JobPlan* taker : takers->second) {
          if (taker->job == key.job) continue;
          contested = true;
          consider(*taker, number, allocation);
        }
      }
      if (!contested && !numbers.empty() && !allocation.open) before = &allocation;
    }
    std::sort(waits_.begin(), waits_.end(), [](const PortWait& a, const PortWait& b) {
      return std::tie(a.taker, a.port, a.holder) < std::tie(b.taker, b.port, b.holder);
    });
  }

  // The action a member of `job` on `worker` runs a target with. Null: none.
  PlannedAction* acting(JobPlan& job, const WorkerHost& worker) {
    const auto known = acting_.try_emplace(&job);
    if (known.second) {
      for (auto* list : {&job.starts, &job.upgrades}) {
        for (PlannedAction& action : *list) {
          if (runs_a_target(action)) known.first->second.emplace(action.key.worker, &action);
        }
      }
    }
    const auto it = known.first->second.find(worker);
    return it == known.first->second.end() ? nullptr : it->second;
  }

  void consider(JobPlan& taker, int number, const AppliedAllocation& holder) {
    if (!acting(taker, holder.key.worker)) return;
    PortWait wait;
    wait.taker = {taker.job, holder.key.worker};
    wait.port = number;
    wait.holder = holder.key;
    judge(wait, taker, holder);
    waits_.push_back(std::move(wait));
  }

  void judge(PortWait& wait, const JobPlan& taker, const AppliedAllocation& holder) {
    const auto keeps = [&wait](std::string why) {
      wait.how = PortWait::How::kKeeps;
      wait.why = std::move(why);
    };
    const auto found = plan_.jobs.find(holder.key.job);
    JobPlan* job = found == plan_.jobs.end() ? nullptr : &found->second;
    if (job && job->held) {
      const bool stops = find(job->drains, holder.key.worker) != nullptr;
      if (!stops && !acting(*job, holder.key.worker)) {
        return keeps(std::string("is held (") + to_string(job->held_reason) + ")");
      }
    }
    if (job && job->rollback) return keeps("goes back to what was confirmed before");
    if (holder.open) return keeps(std::string("has an operation whose end is not known yet"));
    if (job && find(job->drains, holder.key.worker)) return order(wait, taker, *job);
    PlannedAction* action = job ? acting(*job, holder.key.worker) : nullptr;
    if (action) {
      if (has_number(job->ports, wait.port)) return keeps("still declares it");
      // A reload need not close what it listens on.
      if (action->action == Action::kReload) {
        action->action = Action::kRestart;
        action->reason = Reason::kPortHandedOver;
        action->detail = "port " + std::to_string(wait.port);
      }
      return order(wait, taker, *job);
    }
    keeps(why_idle(wait, holder));
  }

  // Nothing of this plan acts on the holder.
  std::string why_idle(const PortWait& wait, const AppliedAllocation& holder) {
    const auto job = desired_.jobs.find(holder.key.job);
    if (job == desired_.jobs.end() || !job->second.job) return "is left as it is";
    const auto ports = desired_.ports.find(holder.key.job);
    if (ports != desired_.ports.end() && has_number(ports->second, wait.port)) return "still declares it";
    if (job->second.held) return std::string("is held (") + to_string(job->second.held_reason) + ")";
    if (job->second.job->restart_policy == RestartPolicy::kNever)
      return "is not restarted (restart_policy is never): it lets go when it is stopped";
    const bool waits = std::any_of(plan_.waiting.begin(), plan_.waiting.end(),
                                   [&](const PlannedAction& one) { return one.key == holder.key; });
    if (waits || !holder.running || asked_.contains(holder.key)) return "is left as it is";
    idle_.insert(holder.key);
    return {};
  }

  static void order(PortWait& wait, const JobPlan& taker, const JobPlan& holder) {
    const bool later = !holder.leaving && holder.wave > taker.wave;
    wait.how = later ? PortWait::How::kStops : PortWait::How::kLetsGo;
  }

  // Among those of one wave that wait for one another somebody has to be stopped:
  // the first by name of each circle, and nobody who is in none.
  void break_circles() {
    std::map<AllocationKey, std::vector<Wait>> needs;  // taker → what it waits for
    std::map<AllocationKey, std::vector<Wait>> gives;  // holder → who waits for it
    std::vector<AllocationKey> free;
    for (Wait i = 0; i < waits_.size(); ++i) {
      if (waits_[i].how != PortWait::How::kLetsGo) continue;
      needs[waits_[i].taker].push_back(i);
      gives[waits_[i].holder].push_back(i);
    }
    for (const auto& [holder, all] : gives) {
      if (!needs.contains(holder)) free.push_back(holder);
    }
    while (!needs.empty()) {
      while (!free.empty()) {  // it lets go by itself, so nobody waits for it for ever
        const AllocationKey holder = std::move(free.back());
        free.pop_back();
        satisfy(holder, needs, gives, free);
      }
      if (needs.empty()) return;
      const AllocationKey stopped = in_circle(needs);
      for (const Wait i : gives[stopped]) waits_[i].how = PortWait::How::kStops;
      satisfy(stopped, needs, gives, free);
    }
  }

  void satisfy(const AllocationKey& holder, std::map<AllocationKey, std::vector<Wait>>& needs,
               std::map<AllocationKey, std::vector<Wait>>& gives, std::vector<AllocationKey>& free) {
    for (const Wait i : gives[holder]) {
      const auto taker = needs.find(waits_[i].taker);
      if (taker == needs.end()) continue;
      std::erase(taker->second, i);
      if (!taker->second.empty()) continue;
      free.push_back(taker->first);
      needs.erase(taker);
    }
  }

  // Whoever still waits waits for somebody who waits: follow that until one comes again.
  AllocationKey in_circle(const std::map<AllocationKey, std::vector<Wait>>& needs) const {
    std::map<AllocationKey, std::size_t> seen;
    std::vector<AllocationKey> path;
    AllocationKey at = needs.begin()->first;
    while (seen.emplace(at, path.size()).second) {
      path.push_back(at);
      at = waits_[needs.at(at).front()].holder;
    }
    return *std::min_element(path.begin() + static_cast<std::ptrdiff_t>(seen.at(at)), path.end());
  }

  // Enters the wait into the plans of its taker and its holder.
  void tell(const PortWait& wait) {
    JobPlan& taker = plan_.jobs.at(wait.taker.job);
    PlannedAction* action = acting(taker, wait.taker.worker);
    std::string& after = action->after;
    after += (after.empty() ? "" : " and ") + sentence(wait);
    taker.waits.push_back(wait);
    if (wait.how != PortWait::How::kStops) return;
    JobPlan& holder = plan_.jobs.at(wait.holder.job);
    if (find(holder.drains, wait.holder.worker)) return;  // that stop only comes earlier
    PlannedAction& own = *acting(holder, wait.holder.worker);
    const std::string why = "port " + std::to_string(wait.port) + " goes to " + wait.taker.job.str();
    if (PlannedAction* known = find(holder.handovers, wait.holder.worker)) {
      known->detail += ", " + why;
      return;
    }
    PlannedAction stop;
    stop.key = own.key;
    stop.action = Action::kStop;
    stop.reason = Reason::kPortHandedOver;
    stop.detail = why;
    stop.current_version = own.current_version;
    stop.new_version = own.new_version;
    stop.previous = own.previous;
    stop.interrupted_boot = own.interrupted_boot;
    holder.handovers.push_back(std::move(stop));
    own.action = Action::kStart;
  }

  Plan& plan_;
  const DesiredState& desired_;
  const AppliedState& applied_;
  const std::set<AllocationKey>& asked_;
  std::unordered_map<int, std::vector<JobPlan*>> wanted_;  // number → who takes it
  std::map<JobPlan*, std::map<WorkerHost, PlannedAction*>> acting_;
  std::vector<PortWait> waits_;
  std::set<AllocationKey> idle_;
};

}  // namespace

std::string sentence(const PortWait& wait) {
  const std::string port = "port " + std::to_string(wait.port);
  switch (wait.how) {
    case PortWait::How::kLetsGo:
      return "once " + wait.holder.str() + " has let go of " + port;
    case PortWait::How::kStops:
      return "once " + wait.holder.str() + " is stopped for " + port;
    case PortWait::How::kKeeps:
      return "not before " + wait.holder.str() + " lets go of " + port + ", which it keeps: it " + wait.why;
  }
  return port;
}

std::set<AllocationKey> arrange_handovers(Plan& plan, const DesiredState& desired,
                                          const AppliedState& applied, const std::set<AllocationKey>& asked) {
  return Arranger(plan, desired, applied, asked).run();
}

}  // namespace maand
