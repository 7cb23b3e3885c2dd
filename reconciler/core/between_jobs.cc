#include "reconciler/core/between_jobs.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "reconciler/core/capacity.h"
#include "reconciler/core/demands.h"
#include "reconciler/core/placement.h"
#include "reconciler/core/prometheus/catalogues.h"
#include "reconciler/core/waves.h"

namespace maand {
namespace {

struct Placed {
  const Job* job;
  std::vector<std::uint32_t> workers;  // ascending
};

struct Claim {
  const Placed* placed;
  const PortBinding* port;
};

std::string manifest_of(const Job& job) { return "jobs/" + job.name.str() + "/manifest.json"; }

std::string list_jobs(const std::vector<JobName>& jobs) {
  constexpr std::size_t kShown = 5;
  std::string out;
  for (std::size_t i = 0; i < std::min(jobs.size(), kShown); ++i) out += (i > 0 ? ", " : "") + jobs[i].str();
  if (jobs.size() > kShown) out += " and " + std::to_string(jobs.size() - kShown) + " more";
  return out;
}

// Names of ports share one namespace of variables (workspace.md 6.1), wherever
// their jobs run.
void check_port_names(const std::vector<Placed>& all, std::vector<BetweenJobs>& out) {
  std::map<std::string_view, std::vector<Claim>> by_name;
  for (const Placed& placed : all) {
    for (const PortBinding& port : placed.job->resources.ports)
      by_name[port.name].push_back({&placed, &port});
  }
  for (const auto& [name, claims] : by_name) {
    if (claims.size() < 2) continue;
    BetweenJobs problem;
    problem.reason = Reason::kPortConflict;
    for (const Claim& claim : claims) problem.jobs.push_back(claim.placed->job->name);
    problem.diagnostic = {Severity::kError, manifest_of(*claims.back().placed->job),
                          "resources.ports." + std::string(name),
                          "the port name \"" + std::string(name) + "\" is used by " + list_jobs(problem.jobs),
                          "give every job port names of its own, for example with the job's name in front"};
    out.push_back(std::move(problem));
  }
}

// For each worker where several of `claims` meet, who they are. Jobs that meet on
// many workers are told once, with the first of them.
void check_port_number(int number, const std::vector<Claim>& claims, const std::vector<Worker>& workers,
                       std::vector<BetweenJobs>& out) {
  std::map<std::uint32_t, std::vector<const Claim*>> by_worker;
  for (const Claim& claim : claims) {
    for (const std::uint32_t worker : claim.placed->workers) by_worker[worker].push_back(&claim);
  }
  std::set<std::vector<JobName>> told;
  for (const auto& [worker, here] : by_worker) {
    if (here.size() < 2) continue;
    BetweenJobs problem;
    problem.reason = Reason::kPortConflict;
    for (const Claim* claim : here) problem.jobs.push_back(claim->placed->job->name);
    if (!told.insert(problem.jobs).second) continue;
    problem.diagnostic = {Severity::kError, manifest_of(*here.back()->placed->job),
                          "resources.ports." + here.back()->port->name,
                          "port " + std::to_string(number) + " is claimed by " + list_jobs(problem.jobs) +
                              " on one worker (" + workers[worker].host.str() + ")",
                          "choose another number, or let the jobs select different workers"};
    out.push_back(std::move(problem));
  }
}

void check_port_numbers(const std::vector<Placed>& all, const std::vector<Worker>& workers,
                        std::vector<BetweenJobs>& out) {
  std::map<int, std::vector<Claim>> by_number;
  for (const Placed& placed : all) {
    for (const PortBinding& port : placed.job->resources.ports) {
      if (port.fixed) by_number[*port.fixed].push_back({&placed, &port});
    }
  }
  for (const auto& [number, claims] : by_number) {
    if (claims.size() > 1) check_port_number(number, claims, workers, out);
  }
}

// A directory moves to one place.
void check_new_names(const std::map<JobName, Job>& jobs, std::vector<BetweenJobs>& out) {
  std::map<JobName, std::vector<JobName>> by_old;
  for (const auto& [name, job] : jobs) {
    if (!job.renamed_from.empty()) by_old[job.renamed_from].push_back(name);
  }
  for (auto& [old, names] : by_old) {
    if (names.size() < 2) continue;
    BetweenJobs problem;
    problem.reason = Reason::kBroken;
    problem.diagnostic = {Severity::kError, manifest_of(jobs.at(names.back())), "renamed_from",
                          "each of " + list_jobs(names) + " says that it was " + old.str(),
                          "leave it in the one that takes its directory and its data over"};
    problem.jobs = std::move(names);
    out.push_back(std::move(problem));
  }
}

void check_minimums(const std::vector<Placed>& all, std::size_t workers, std::vector<BetweenJobs>& out) {
  for (const Placed& placed : all) {
    const Job& job = *placed.job;
    if (placed.workers.size() >= static_cast<std::size_t>(std::max(job.min_allocations, 0))) continue;
    out.push_back({Reason::kTooFewAllocations,
                   {job.name},
                   {Severity::kError, manifest_of(job), "min_allocations_count",
                    "needs " + std::to_string(job.min_allocations) + " allocations, and the job matches " +
                        std::to_string(placed.workers.size()) + " of " + std::to_string(workers) + " workers",
                    "label more workers, or lower the number"}});
  }
}

void check_cycles(const std::vector<const Job*>& jobs, std::vector<BetweenJobs>& out) {
  for (Cycle& cycle : deployment_waves(jobs).cycles) {
    Diagnostic diagnostic{Severity::kError, "jobs/" + cycle.jobs.front().str() + "/manifest.json", "commands",
                          "the demands go round in a circle: " + to_string(cycle),
                          "remove one of these demands, so that one of the jobs can go first"};
    out.push_back({Reason::kDemandCycle, std::move(cycle.jobs), std::move(diagnostic)});
  }
}

void append(std::vector<BetweenJobs>& out, std::vector<BetweenJobs> more) {
  std::move(more.begin(), more.end(), std::back_inserter(out));
}

// What needs no rendering; `desired` looks once more when scrape.yaml.tpl was rendered.
void check_prometheus(const std::map<JobName, Job>& jobs, std::vector<BetweenJobs>& out) {
  std::vector<CatalogueJob> catalogues;
  for (const auto& [name, job] : jobs) {
    auto empty = std::make_shared<JobCatalogue>();
    empty->job = name;
    catalogues.push_back(
        {job.catalogue ? job.catalogue : empty, job.is_prometheus, job.resources.ports, {}, {}});
  }
  if (!has_prometheus(catalogues)) return;
  for (CatalogueConflict& conflict : check_catalogues(catalogues)) {
    out.push_back({Reason::kPrometheusConflict, std::move(conflict.jobs), std::move(conflict.diagnostic)});
  }
}

}  // namespace

std::vector<BetweenJobs> check_between_jobs(const std::vector<Worker>& workers,
                                            const std::map<JobName, Job>& jobs, const Disabled& disabled,
                                            const std::set<JobName>& unreadable) {
  std::vector<const Job*> pointers;
  for (const auto& [name, job] : jobs) pointers.push_back(&job);
  std::vector<std::vector<std::uint32_t>> placement = place(workers, pointers);
  std::vector<BetweenJobs> capacity = check_capacity(workers, pointers, placement, disabled);
  std::vector<Placed> all;
  for (std::size_t i = 0; i < pointers.size(); ++i) all.push_back({pointers[i], std::move(placement[i])});

  std::vector<BetweenJobs> out;
  check_port_names(all, out);
  check_port_numbers(all, workers, out);
  check_new_names(jobs, out);
  check_minimums(all, workers.size(), out);
  append(out, std::move(capacity));
  append(out, check_demands(jobs, unreadable));
  check_cycles(pointers, out);
  check_prometheus(jobs, out);
  return out;
}

}  // namespace maand
