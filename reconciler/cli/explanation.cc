#include "reconciler/cli/explanation.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "reconciler/core/allocation_decision.h"
#include "reconciler/core/placement.h"
#include "reconciler/core/quantity.h"
#include "reconciler/core/status.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

void refuse_unknown(const JudgedHead& head, const JobName& job) {
  std::set<std::string_view> names;
  for (const auto& [name, one] : head.workspace.jobs) names.insert(name.str());
  for (const auto& [name, one] : head.workspace.broken) names.insert(name.str());
  for (const auto& [key, one] : head.applied.allocations) names.insert(key.job.str());
  for (const auto& [name, one] : head.applied.jobs) names.insert(name.str());
  if (names.count(job.str()) > 0) return;
  const auto near = nearest(job.str(), std::vector<std::string_view>(names.begin(), names.end()));
  throw CommandError(kExitUsage, "no job " + quote(job.str()) + " is known, neither in " + head.label +
                                     " nor on a worker" + (near ? "; did you mean `" + *near + "`?" : ""));
}

// The job as a whole: what the newest pass found out counts before what a plan
// alone can know.
void explain_job(Explanation& out, const JudgedHead& head, const StatusView& status, const Plan& plan) {
  if (const auto planned = plan.jobs.find(out.job); planned != plan.jobs.end() && planned->second.held) {
    out.state = goes_on_by_itself(planned->second.held_reason) ? "waiting" : "held";
    out.reason = to_string(planned->second.held_reason);
    out.detail = planned->second.held_detail;
  }
  const auto now = std::find_if(status.jobs.begin(), status.jobs.end(),
                                [&](const auto& job) { return job.job == out.job.str(); });
  if (now != status.jobs.end() && out.state.empty()) {
    out.state = now->state;
    out.reason = now->reason;
    out.detail = now->detail;
  }
  out.held = out.state == "held";
  if (const auto broken = head.workspace.broken.find(out.job); broken != head.workspace.broken.end()) {
    for (const Diagnostic& one : broken->second.diagnostics.all()) out.problems.push_back(to_string(one));
  }
  for (const Diagnostic& one : head.desired->problems.all()) {
    if (one.path.starts_with("jobs/" + out.job.str() + "/")) out.problems.push_back(to_string(one));
  }
  for (const BetweenJobs& between : head.workspace.between) {
    if (std::count(between.jobs.begin(), between.jobs.end(), out.job) > 0) {
      out.problems.push_back(to_string(between.diagnostic));
    }
  }
}

std::string waits_for(const StatusView& status, const AllocationKey& key) {
  for (const auto& one : status.set_aside) {
    if (one.worker != key.worker.str()) continue;
    return "the worker is set aside: " + one.condition + (one.detail.empty() ? "" : ", " + one.detail);
  }
  for (const auto& one : status.allocations) {
    if (one.job == key.job.str() && one.worker == key.worker.str() && !one.why.empty()) return one.why;
  }
  return "";
}

std::set<WorkerHost> placed_on(const JudgedHead& head, const JobName& job) {
  std::set<WorkerHost> workers;
  if (const auto wanted = head.desired->jobs.find(job); wanted != head.desired->jobs.end()) {
    for (const std::uint32_t worker : wanted->second.workers)
      workers.insert(head.desired->workers[worker].host);
  }
  for (const auto& [key, one] : head.applied.allocations) {
    if (key.job == job) workers.insert(key.worker);
  }
  return workers;
}

std::string of_kind(double has, double reserved, const char* what) {
  if (has <= 0 && reserved <= 0) return "";
  return format_quantity(reserved) + " of " + format_quantity(has) + " " + what;
}

std::string both(const std::string& memory, const std::string& cpu) {
  return memory + (memory.empty() || cpu.empty() ? "" : " and ") + cpu;
}

// What all allocations of its worker reserve, against what it has (workspace.md 4.2).
std::string capacity_of(const JudgedHead& head, const AllocationKey& key) {
  const auto wanted = head.desired->jobs.find(key.job);
  if (wanted == head.desired->jobs.end()) return "";
  for (const std::uint32_t index : wanted->second.workers) {
    const Worker& worker = head.desired->workers[index];
    if (worker.host != key.worker) continue;
    const Reservation reserved = reserved_on(head, index);
    const std::string words = both(of_kind(worker.memory_mb, reserved.memory_mb, "mb of memory"),
                                   of_kind(worker.cpu_mhz, reserved.cpu_mhz, "mhz of cpu"));
    return words.empty() ? "" : "of " + worker.host.str() + " are reserved " + words;
  }
  return "";
}

void explain_needs(Explanation& out, const JudgedHead& head) {
  const auto wanted = head.desired->jobs.find(out.job);
  if (wanted == head.desired->jobs.end() || !wanted->second.job) return;
  out.ports = list_job_ports(head, {{out.job.str()}, {}});
  const Reservation& own = wanted->second.job->reservation;
  const auto amount = [](double value, const char* what, const std::string& source) {
    return value > 0 ? format_quantity(value) + " " + what + " (" + source + ")" : "";
  };
  const std::string words = both(amount(own.memory_mb, "mb of memory", own.memory_source),
                                 amount(own.cpu_mhz, "mhz of cpu", own.cpu_source));
  if (!words.empty()) out.reserves = "each allocation reserves " + words;
}

bool could_run(const JudgedHead& head, const JobName& job) {
  const auto wanted = head.desired->jobs.find(job);
  return wanted != head.desired->jobs.end() && wanted->second.job;
}

// For a worker that has no allocation of the job.
std::string why_not_there(const JudgedHead& head, const AllocationKey& key) {
  const auto& workers = head.desired->workers;
  const auto worker =
      std::find_if(workers.begin(), workers.end(), [&](const Worker& one) { return one.host == key.worker; });
  if (worker == workers.end()) return "workers.json of " + head.label + " has no worker " + key.worker.str();
  if (!could_run(head, key.job)) return "nothing is known of " + key.job.str() + " that could run";
  return explain_placement(*head.desired->jobs.at(key.job).job, *worker);
}

}  // namespace

Explanation explain_allocation(const JudgedHead& head, const StatusView& status, const AllocationKey& which) {
  refuse_unknown(head, which.job);
  Explanation out;
  out.commit = head.commit.str();
  out.job = which.job;
  const Plan plan = make_plan(*head.desired, head.applied, head.settings);
  explain_job(out, head, status, plan);

  const std::set<WorkerHost> placed = placed_on(head, which.job);
  for (const WorkerHost& worker : placed) {
    if (!which.worker.empty() && worker != which.worker) continue;
    const AllocationKey key{which.job, worker};
    const PlannedAction action = decide_one(*head.desired, head.applied, key);
    out.allocations.push_back({key, to_string(action.action), to_string(action.reason), sentence(action),
                               waits_for(status, key), capacity_of(head, key)});
  }
  explain_needs(out, head);
  if (!which.worker.empty()) {
    if (placed.count(which.worker) == 0) out.not_placed.push_back(why_not_there(head, which));
  } else if (placed.empty() && !could_run(head, which.job)) {
    out.not_placed.push_back("nothing is known of " + which.job.str() +
                             " that could run, and nothing of it is on a worker");
  } else if (placed.empty()) {
    for (const Worker& worker : head.desired->workers) {
      out.not_placed.push_back(why_not_there(head, {which.job, worker.host}));
    }
  }
  return out;
}

}  // namespace maand
