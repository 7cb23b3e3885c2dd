#include "reconciler/cli/listing.h"

#include <algorithm>
#include <optional>
#include <set>

#include "reconciler/core/desired_variables.h"
#include "reconciler/core/quantity.h"
#include "reconciler/core/status.h"
#include "reconciler/core/text.h"
#include "reconciler/core/views.h"
#include "reconciler/core/worker_files.h"

namespace maand {
namespace {

constexpr const char* kEncrypted = "[encrypted]";

void require_known_names(const std::vector<std::string>& asked, const std::set<std::string>& known,
                         const char* what) {
  for (const std::string& name : asked) {
    if (known.count(name) > 0) continue;
    const auto near = nearest(name, std::vector<std::string_view>(known.begin(), known.end()));
    throw CommandError(kExitUsage, std::string("no ") + what + " " + quote(name) + " is known" +
                                       (near ? "; did you mean `" + *near + "`?" : ""));
  }
}

constexpr std::string_view kSecretsOfJob = "secrets/job/";

bool is_sealed_in_git(const JudgedHead& head, const std::string& job, const std::string& key) {
  const auto found = head.desired->jobs.find(JobName(job));
  return found != head.desired->jobs.end() && found->second.job &&
         found->second.job->sealed_secrets.count(key) > 0;
}

const std::vector<Listing::Column> kVariableColumns = {
    {"namespace"}, {"key"}, {"value", false, true}, {"version", true}, {"written_at"}, {"deleted"}};

// namespace, key, value, version (0 for what follows from the commit), when it was written ("" for
// the same), and that it is there. nullopt: there is no such key. `problem` is set where a secret is asked
// for and cannot be opened.
std::optional<std::vector<std::string>> variable(const JudgedHead& head, const Variables& all,
                                                 const std::string& ns, const std::string& key, bool reveal,
                                                 std::string& problem) {
  std::string made;
  const Variables::Value value = all.get(ns, key, made);
  const ValueLookup stored = head.sources.stored ? head.sources.stored->find(ns, key) : ValueLookup{};
  // What is in git goes before what is stored.
  const bool of_git =
      ns.starts_with(kSecretsOfJob) && is_sealed_in_git(head, ns.substr(kSecretsOfJob.size()), key);
  const bool secret = of_git || ns.starts_with(kSecretsOfJob) || (stored.value && stored.value->secret);
  if (!value.text && !(stored.value && stored.value->secret) && !of_git) return std::nullopt;
  if (secret && reveal && !value.text)
    problem = of_git ? "its secrets.age.toml cannot be opened here; `maand why` of its job says why"
                     : value.problem;
  const bool kept = stored.value && !of_git;
  const std::string text = secret && !reveal ? kEncrypted : std::string(value.text.value_or(""));
  return std::vector<std::string>{ns,
                                  key,
                                  text,
                                  std::to_string(kept ? stored.value->version : 0),
                                  kept ? rfc3339(stored.value->written_at) : "",
                                  "no"};
}

void add_deleted(const JudgedHead& head, const std::string& ns, Listing& out) {
  const auto found = head.sources.stored->namespaces.find(ns);
  if (found == head.sources.stored->namespaces.end()) return;
  for (const auto& [key, value] : *found->second) {
    if (value.deleted)
      out.rows.push_back({ns, key, "", std::to_string(value.version), rfc3339(value.written_at), "yes"});
  }
}

bool is_active(const JudgedHead& head, const AllocationKey& key) {
  const auto job = head.desired->jobs.find(key.job);
  if (job == head.desired->jobs.end() || head.desired->disabled.covers(key)) return false;
  return std::any_of(job->second.workers.begin(), job->second.workers.end(),
                     [&](std::uint32_t one) { return head.desired->workers[one].host == key.worker; });
}

}  // namespace

bool ListingFilter::names_job(const JobName& job) const {
  return jobs.empty() || std::find(jobs.begin(), jobs.end(), job.str()) != jobs.end();
}

bool ListingFilter::names_worker(const WorkerHost& worker) const {
  return workers.empty() || std::find(workers.begin(), workers.end(), worker.str()) != workers.end();
}

void require_known(const JudgedHead& head, const ListingFilter& filter) {
  std::set<std::string> jobs;
  std::set<std::string> workers;
  for (const auto& [name, job] : head.desired->jobs) jobs.insert(name.str());
  for (const Worker& worker : head.desired->workers) workers.insert(worker.host.str());
  for (const auto& [key, allocation] : head.applied.allocations) {
    jobs.insert(key.job.str());
    workers.insert(key.worker.str());
  }
  require_known_names(filter.jobs, jobs, "job");
  require_known_names(filter.workers, workers, "worker");
}

ListingFilter with_labels(const JudgedHead& head, ListingFilter filter) {
  if (filter.labels.empty()) return filter;
  require_known(head, filter);
  std::vector<std::string> workers;
  for (const Worker& worker : head.desired->workers) {
    const bool all = std::all_of(filter.labels.begin(), filter.labels.end(), [&](const std::string& label) {
      return std::find(worker.labels.begin(), worker.labels.end(), lower(trim(label))) != worker.labels.end();
    });
    if (all && filter.names_worker(worker.host)) workers.push_back(worker.host.str());
  }
  if (workers.empty()) {
    throw CommandError(kExitUsage, std::string("no worker") + (filter.workers.empty() ? "" : " of these") +
                                       " has the labels " + printable(comma_list(filter.labels)) +
                                       "; `maand cat workers` lists them");
  }
  filter.workers = std::move(workers);
  return filter;
}

Reservation reserved_on(const JudgedHead& head, std::uint32_t worker) {
  Reservation sum;
  for (const auto& [name, job] : head.desired->jobs) {
    if (!job.job || !std::binary_search(job.workers.begin(), job.workers.end(), worker)) continue;
    if (head.desired->disabled.covers({name, head.desired->workers[worker].host})) continue;
    sum.memory_mb += job.job->reservation.memory_mb;
    sum.cpu_mhz += job.job->reservation.cpu_mhz;
  }
  return sum;
}

Listing list_workers(const JudgedHead& head, const ListingFilter& filter) {
  require_known(head, filter);
  Listing out{{{"worker"},
               {"address"},
               {"zone"},
               {"labels", false, true},
               {"memory_mb", true},
               {"memory_reserved_mb", true},
               {"cpu_mhz", true},
               {"cpu_reserved_mhz", true},
               {"position", true}},
              {}};
  for (std::uint32_t i = 0; i < head.desired->workers.size(); ++i) {
    const Worker& worker = head.desired->workers[i];
    if (!filter.names_worker(worker.host)) continue;
    const Reservation reserved = reserved_on(head, i);
    const auto zone = worker.tags.find("zone");
    out.rows.push_back({worker.host.str(), worker.address, zone == worker.tags.end() ? "" : zone->second,
                        comma_list(worker.labels), format_quantity(worker.memory_mb),
                        format_quantity(reserved.memory_mb), format_quantity(worker.cpu_mhz),
                        format_quantity(reserved.cpu_mhz), std::to_string(worker.position)});
  }
  return out;
}

Listing list_jobs(const JudgedHead& head, const ListingFilter& filter) {
  require_known(head, filter);
  Listing out{{{"job"},
               {"version"},
               {"wave", true},
               {"allocations", true},
               {"memory_mb", true},
               {"memory_source"},
               {"cpu_mhz", true},
               {"cpu_source"},
               {"selectors", false, true},
               {"held"}},
              {}};
  for (const auto& [name, job] : head.desired->jobs) {
    if (!filter.names_job(name)) continue;
    const std::string held = job.held ? to_string(job.held_reason) : "";
    if (!job.job) {
      out.rows.push_back({name.str(), "", "0", "0", "0", "", "0", "", "", held});
      continue;
    }
    const Reservation& has_reserved = job.job->reservation;
    out.rows.push_back({name.str(), job.job->version, std::to_string(job.wave),
                        std::to_string(job.workers.size()), format_quantity(has_reserved.memory_mb),
                        has_reserved.memory_source, format_quantity(has_reserved.cpu_mhz),
                        has_reserved.cpu_source, comma_list(job.job->selectors), held});
  }
  return out;
}

Listing list_allocations(const JudgedHead& head, const ListingFilter& filter) {
  require_known(head, filter);
  Listing out{{{"job"},
               {"worker"},
               {"index"},
               {"placed"},
               {"disabled"},
               {"running"},
               {"version"},
               {"health"},
               {"allocation_id", false, true}},
              {}};
  const auto add = [&](const AllocationKey& key, const std::string& index) {
    if (!filter.names_job(key.job) || !filter.names_worker(key.worker)) return;
    const AppliedAllocation* applied = head.applied.find(key);
    out.rows.push_back({key.job.str(), key.worker.str(), index, index.empty() ? "no" : "yes",
                        head.desired->disabled.covers(key) ? "yes" : "no",
                        applied && applied->running ? "yes" : "no", applied ? applied->version : "",
                        applied ? to_string(applied->health) : "",
                        derived_id(key.job.str() + "|" + key.worker.str())});
  };
  std::set<AllocationKey> placed;
  for (const auto& [name, job] : head.desired->jobs) {
    for (std::size_t i = 0; i < job.workers.size(); ++i) {
      const AllocationKey key{name, head.desired->workers[job.workers[i]].host};
      placed.insert(key);
      add(key, std::to_string(i));
    }
  }
  for (const auto& [key, allocation] : head.applied.allocations) {
    if (placed.count(key) == 0) add(key, "");
  }
  return out;
}

Listing list_deployments(const JudgedHead& head, const ListingFilter& filter) {
  require_known(head, filter);
  Listing out{{{"job"},
               {"worker"},
               {"version"},
               {"commit"},
               {"confirmed_at"},
               {"state"},
               {"last_target"},
               {"last_result"}},
              {}};
  for (const auto& [key, allocation] : head.applied.allocations) {
    if (!filter.names_job(key.job) || !filter.names_worker(key.worker)) continue;
    if (filter.active && !is_active(head, key)) continue;
    const AllocationView view = view_of(allocation);
    const bool known = allocation.confirmed_at != WallTime{};
    out.rows.push_back({key.job.str(), key.worker.str(), view.version, view.commit.str(),
                        known ? rfc3339(allocation.confirmed_at) : "", view.state, view.last_target,
                        view.last_result});
  }
  return out;
}

Listing list_job_ports(const JudgedHead& head, const ListingFilter& filter) {
  require_known(head, filter);
  Listing out{{{"job"}, {"name"}, {"port", true}, {"from"}}, {}};
  for (const auto& [job, numbers] : head.desired->ports) {
    if (!filter.names_job(job)) continue;
    const auto desired = head.desired->jobs.find(job);
    for (const auto& [name, number] : numbers) {
      bool fixed = false;
      if (desired != head.desired->jobs.end() && desired->second.job) {
        for (const PortBinding& port : desired->second.job->resources.ports)
          fixed = fixed || (port.name == name && port.fixed);
      }
      out.rows.push_back({job.str(), name, std::to_string(number), fixed ? "manifest" : "pool"});
    }
  }
  return out;
}

Listing list_job_commands(const JudgedHead& head, const ListingFilter& filter) {
  require_known(head, filter);
  Listing out{{{"job"},
               {"command"},
               {"executed_on"},
               {"demand_job"},
               {"demand_command"},
               {"min_version"},
               {"max_version"},
               {"demand_config", false, true}},
              {}};
  for (const auto& [name, job] : head.desired->jobs) {
    if (!job.job || !filter.names_job(name)) continue;
    for (const JobCommand& command : job.job->commands) {
      const CommandDemand none{JobName{}, "", "", "", ""};
      const CommandDemand& demand = command.demand ? *command.demand : none;
      out.rows.push_back({name.str(), command.name, comma_list(command.events), demand.job.str(),
                          demand.command, demand.min_version, demand.max_version, demand.config});
    }
  }
  return out;
}

Listing list_variables(const JudgedHead& head, const ListingFilter& filter) {
  require_known(head, filter);
  const DesiredVariables variables(*head.desired, head.workspace, head.sources);
  const auto wanted = [&](const std::string& ns) {
    if (filter.jobs.empty()) return true;
    for (const std::string& name : filter.jobs) {
      const auto job = head.desired->jobs.find(JobName(name));
      if (job == head.desired->jobs.end() || !job->second.job) continue;
      for (const std::uint32_t worker : job->second.workers) {
        if (AllocationValues(variables.all(), *job->second.job, worker, variables.scrape()).may_read(ns))
          return true;
      }
    }
    return false;
  };
  Listing out{kVariableColumns, {}};
  if (filter.deleted) {
    if (!head.sources.stored) return out;
    for (const auto& [ns, values] : head.sources.stored->namespaces) {
      if (wanted(ns)) add_deleted(head, ns, out);
    }
    return out;
  }
  std::string ignored;
  for (const std::string& ns : variables.all().namespaces()) {
    if (!wanted(ns)) continue;
    const auto keys = variables.all().keys(ns);
    if (!keys) continue;
    for (const std::string& key : *keys) {
      if (auto row = variable(head, variables.all(), ns, key, false, ignored))
        out.rows.push_back(std::move(*row));
    }
  }
  return out;
}

Listing show_variable(const JudgedHead& head, const std::string& ns, const std::string& key, bool reveal) {
  const DesiredVariables variables(*head.desired, head.workspace, head.sources);
  std::string problem;
  auto row = variable(head, variables.all(), ns, key, reveal, problem);
  if (!row) {
    throw CommandError(kExitUsage,
                       "there is no " + quote(key) + " in " + quote(ns) + "; `maand cat kv` lists what is");
  }
  if (!problem.empty()) throw CommandError(kExitFailed, problem);
  return {kVariableColumns, {std::move(*row)}};
}

}  // namespace maand
