#include "reconciler/core/removal_budget.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace maand {
namespace {

constexpr std::size_t kMostNamed = 5;

std::string allowance(const PlanSettings& settings) {
  if (settings.max_removals_count) return std::to_string(*settings.max_removals_count);
  return std::to_string(std::lround(settings.max_removals * 100)) + "%";
}

class Budget {
 public:
  Budget(Plan& plan, const DesiredState& desired, const AppliedState& applied, const PlanSettings& settings)
      : plan_(plan), desired_(desired), applied_(applied), settings_(settings) {}

  void judge() {
    count();
    if (plan_.stops_over_budget.empty()) return;
    if (within() && !desired_.jobs.empty()) {
      plan_.stops_over_budget.clear();
      return;
    }
    if (settings_.all_removals_released) return;
    std::vector<JobName> held;
    for (const AllocationKey& stop : plan_.stops_over_budget) {
      if (settings_.released_removals.count(stop) == 0 && (held.empty() || held.back() != stop.job))
        held.push_back(stop.job);
    }
    if (held.empty()) return;
    const std::string why = words(held);
    for (const JobName& job : held) hold(job, why);
    hold_takers();
  }

 private:
  const AppliedAllocation* running(const AllocationKey& key) const {
    const AppliedAllocation* allocation = applied_.find(key);
    return allocation && allocation->running ? allocation : nullptr;
  }

  void count() {
    running_ = static_cast<std::size_t>(
        std::count_if(applied_.allocations.begin(), applied_.allocations.end(),
                      [](const auto& allocation) { return allocation.second.running; }));
    for (const auto& [name, job] : plan_.jobs) {
      // What going back stops did not run before.
      if (job.rollback || settings_.allowed_removals.covers(name)) continue;
      for (const PlannedAction& action : job.drains) {
        // Somebody has said so of this worker, and has seen what it costs.
        if (action.reason == Reason::kDrained) continue;
        if (running(action.key)) plan_.stops_over_budget.push_back(action.key);
      }
    }
    std::sort(plan_.stops_over_budget.begin(), plan_.stops_over_budget.end());
  }

  bool within() const {
    const std::size_t stops = plan_.stops_over_budget.size();
    if (running_ <= static_cast<std::size_t>(settings_.removals_free)) return true;
    if (settings_.max_removals_count) return stops <= static_cast<std::size_t>(*settings_.max_removals_count);
    return static_cast<double>(stops) <= settings_.max_removals * static_cast<double>(running_);
  }

  std::string words(const std::vector<JobName>& held) const {
    std::string names;
    for (const JobName& job : held) names += (names.empty() ? "" : ", ") + job.str();
    if (held.size() > kMostNamed) names = "yes";
    std::string out = "this commit would stop " + std::to_string(plan_.stops_over_budget.size()) + " of " +
                      std::to_string(running_) + " running allocations";
    out +=
        desired_.jobs.empty() ? " and leave no job" : ", and policy.max_removals is " + allowance(settings_);
    out += "; a commit with the trailer `" + std::string(kAllowRemovalsTrailer) + ": " + names + "` lets it";
    if (!plan_.commit.empty()) out += ", or `maand release " + plan_.commit.str().substr(0, 12) + "`";
    return out;
  }

  // Its allocations stay where they are.
  void hold(const JobName& name, const std::string& why) {
    JobPlan& job = plan_.jobs.at(name);
    for (const PlannedAction& action : job.drains) {
      if (const AppliedAllocation* allocation = running(action.key))
        staying_[action.key.worker].push_back(allocation);
    }
    job.hold(Reason::kRemovalBudget, why);
  }

  // What a job that is held goes on to have, another one cannot be given. Each round holds
  // one more job, whose own stops stay away as well.
  void hold_takers() {
    for (bool more = true; more;) {
      more = false;
      for (auto& [name, job] : plan_.jobs) {
        if (!job.has_actions()) continue;
        const AppliedAllocation* holder = in_the_way(job);
        if (!holder) continue;
        hold(name, "it takes the place of " + holder->key.str() +
                       ", which policy.max_removals keeps from being stopped");
        more = true;
      }
    }
  }

  const AppliedAllocation* in_the_way(const JobPlan& job) const {
    for (const auto* actions : {&job.starts, &job.upgrades}) {
      for (const PlannedAction& action : *actions) {
        const auto there = staying_.find(action.key.worker);
        if (there == staying_.end()) continue;
        for (const AppliedAllocation* holder : there->second) {
          if (holder->key.job == job.job) continue;
          if (takes_port_of(job, *holder) || (actions == &job.starts && takes_room(job, action.key.worker)))
            return holder;
        }
      }
    }
    return nullptr;
  }

  static bool takes_port_of(const JobPlan& job, const AppliedAllocation& holder) {
    const std::vector<int> held = held_ports(holder);
    return std::any_of(job.ports.begin(), job.ports.end(), [&](const auto& port) {
      return std::binary_search(held.begin(), held.end(), port.second);
    });
  }

  // What a job that has left reserved is not on record, so any reservation may be its room.
  bool takes_room(const JobPlan& job, const WorkerHost& host) const {
    const auto desired = desired_.jobs.find(job.job);
    if (desired == desired_.jobs.end() || !desired->second.job) return false;
    const auto worker = std::find_if(desired_.workers.begin(), desired_.workers.end(),
                                     [&](const Worker& one) { return one.host == host; });
    if (worker == desired_.workers.end()) return false;
    const Reservation& reserved = desired->second.job->reservation;
    return (worker->memory_mb > 0 && reserved.memory_mb > 0) || (worker->cpu_mhz > 0 && reserved.cpu_mhz > 0);
  }

  Plan& plan_;
  const DesiredState& desired_;
  const AppliedState& applied_;
  const PlanSettings& settings_;
  std::size_t running_ = 0;
  std::unordered_map<WorkerHost, std::vector<const AppliedAllocation*>> staying_;
};

}  // namespace

void hold_removals_over_budget(Plan& plan, const DesiredState& desired, const AppliedState& applied,
                               const PlanSettings& settings) {
  Budget(plan, desired, applied, settings).judge();
}

}  // namespace maand
