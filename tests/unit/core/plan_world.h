// A plan in the making, for the tests of core/plan: workers, jobs and what runs.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/plan.h"
#include "tests/support/desire.h"

namespace maand {

// A workspace and an applied state, built in the words of the rules.
class PlanWorld {
 public:
  PlanWorld& worker(const std::string& host, std::vector<std::string> labels = {}) {
    Worker worker;
    worker.host = WorkerHost(host);
    labels.push_back("worker");
    std::sort(labels.begin(), labels.end());
    worker.labels = std::move(labels);
    worker.position = static_cast<std::int64_t>(workspace.workers.size());
    workspace.workers.push_back(worker);
    return *this;
  }

  static Job make_job(const std::string& name, const std::string& version, const std::string& content) {
    Job job;
    job.name = JobName(name);
    job.version = version;
    job.selectors = {"worker"};
    job.tree = TreeId("tree-" + version + "-" + content);
    job.files = make_file_set({{.path = "Makefile", .content = sha256(content)}});
    return job;
  }

  PlanWorld& job(const std::string& name, const std::string& version = "1.0.0",
                 const std::string& content = "a") {
    workspace.jobs[JobName(name)] = make_job(name, version, content);
    return *this;
  }
  Job& job_of(const std::string& name) { return workspace.jobs.at(JobName(name)); }

  // As after a confirmed rollout of exactly this content.
  AppliedAllocation& running(const std::string& name, const std::string& host,
                             const std::string& version = "1.0.0", const std::string& content = "a") {
    const Job job = make_job(name, version, content);
    const AllocationKey key{JobName(name), WorkerHost(host)};
    AppliedAllocation& allocation = applied.allocations[key];
    allocation.key = key;
    allocation.endpoint.host = key.worker;
    allocation.endpoint.address = "old-" + host;
    allocation.running = true;
    allocation.version = version;
    allocation.files = job.files;
    allocation.tree = job.tree;
    allocation.last = LastResult::kConfirmed;
    allocation.last_target = Target::kStart;
    JobRecord& record = applied.jobs[key.job];
    record.job = key.job;
    record.target_tree = record.good_tree = job.tree;
    record.target_commit = record.good_commit = CommitId("older");
    return allocation;
  }

  // Content that the mirror still has for a held job.
  PlanWorld& kept_content_is(const std::string& name, const std::string& version,
                             const std::string& content = "a") {
    kept[JobName(name)] = {CommitId("older"), std::make_shared<const Job>(make_job(name, version, content))};
    return *this;
  }

  Plan plan() const {
    return make_plan(desire(CommitId("head"), workspace, applied, kept, no_sources(), pins), applied,
                     settings);
  }

  Workspace workspace;
  AppliedState applied;
  std::map<JobName, KeptJob> kept;
  Pins pins;
  PlanSettings settings;
};

// `start a@w1 New; stop a@w2 Left; …`, in the plan's order.
inline std::string told(const Plan& plan) {
  std::string out;
  for (const auto& [name, job] : plan.jobs) {
    if (job.held) out += "held " + name.str() + " " + to_string(job.held_reason) + "; ";
    for (const auto* list : {&job.drains, &job.removals, &job.starts, &job.upgrades}) {
      for (const PlannedAction& action : *list) {
        out += std::string(to_string(action.action)) + " " + action.key.str() + " " +
               to_string(action.reason) + "; ";
      }
    }
  }
  for (const PlannedAction& action : plan.waiting) {
    out += "wait " + action.key.str() + " " + to_string(action.reason) + "; ";
  }
  return out;
}

}  // namespace maand
