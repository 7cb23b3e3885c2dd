#include "reconciler/app/hook_world.h"

#include <algorithm>
#include <utility>

#include "reconciler/core/allocation_values.h"
#include "reconciler/core/worker_files.h"

namespace maand {

HookWorld::HookWorld(DesiredState desired, JudgedPtr judged, VariableSources sources, SshDefaults ssh,
                     const AppliedState& applied)
    : desired_(std::move(desired)),
      judged_(std::move(judged)),
      sources_(std::move(sources)),
      ssh_(std::move(ssh)),
      variables_(desired_, judged_->workspace, sources_) {
  for (std::size_t i = 0; i < desired_.workers.size(); ++i)
    workers_.emplace(desired_.workers[i].host, static_cast<std::uint32_t>(i));
  for (const auto& [key, allocation] : applied.allocations) {
    versions_.emplace(key, allocation.version);
    if (allocation.stopped_by) stopped_.insert(key);
  }
}

const Job* HookWorld::job(const JobName& name) const {
  const auto found = desired_.jobs.find(name);
  return found == desired_.jobs.end() ? nullptr : found->second.job.get();
}

std::optional<std::uint32_t> HookWorld::worker(const WorkerHost& host) const {
  const auto found = workers_.find(host);
  if (found == workers_.end()) return std::nullopt;
  return found->second;
}

std::string HookWorld::address(const WorkerHost& host) const {
  const auto index = worker(host);
  return index ? desired_.workers[*index].address : host.str();
}

std::vector<AllocationKey> HookWorld::active(const JobName& job) const {
  std::vector<AllocationKey> out;
  const auto found = desired_.jobs.find(job);
  if (found == desired_.jobs.end() || !found->second.job) return out;
  for (const std::uint32_t index : found->second.workers) {
    AllocationKey key{job, desired_.workers[index].host};
    if (!desired_.disabled.covers(key) && stopped_.count(key) == 0) out.push_back(std::move(key));
  }
  return out;
}

std::vector<HookDemand> HookWorld::demands_of(const JobName& job, const std::string& command) const {
  std::vector<HookDemand> out;
  for (const auto& [name, desired] : desired_.jobs) {
    if (!desired.job) continue;
    for (const JobCommand& one : desired.job->commands) {
      if (!one.demand || one.demand->job != job || one.demand->command != command) continue;
      for (std::size_t i = 0; i < one.events.size(); ++i) out.push_back({name, one.name, one.demand->config});
    }
  }
  return out;
}

std::map<std::string, std::string> HookWorld::certificates_of(const Job& job, std::uint32_t worker) const {
  constexpr std::string_view kPrefix = "certs/";
  std::map<std::string, std::string> out;
  const std::lock_guard lock(mutex_);
  AllocationValues values(variables_.all(), job, worker, variables_.scrape());
  const auto take = [&](const std::string& ns) {
    std::vector<std::string> keys;
    values.keys(ns, keys);
    for (const std::string& key : keys) {
      std::string_view text;
      if (!key.starts_with(kPrefix)) continue;
      if (values.get(ns, key, text) == TemplateValues::Answer::kFound)
        out.emplace(key.substr(kPrefix.size()), std::string(text) + "\n");  // values are trimmed (6.1)
    }
  };
  take("maand/worker");
  take("maand/job/" + job.name.str() + "/worker/" + variables_.all().address(worker));
  return out;
}

std::optional<HookCall> HookWorld::call(const AllocationKey& key, HookEvent event,
                                        const std::string& command) const {
  const auto found = desired_.jobs.find(key.job);
  const auto index = worker(key.worker);
  if (found == desired_.jobs.end() || !found->second.job || !index) return std::nullopt;
  const auto& placed = found->second.workers;
  const auto place = std::find(placed.begin(), placed.end(), *index);
  HookCall out;
  out.allocation = key;
  out.allocation_id = derived_id(key.job.str() + "|" + key.worker.str());
  // An allocation that leaves has no place among those that stay; it comes after them.
  out.allocation_index = static_cast<int>(std::distance(placed.begin(), place));
  out.disabled = desired_.disabled.covers(key);
  out.event = event;
  out.command = command;
  const auto version = versions_.find(key);
  out.current_version = version == versions_.end() ? "0.0.0" : version->second;
  out.new_version = found->second.job->version;
  out.certificates = certificates_of(*found->second.job, *index);
  out.demands = demands_of(key.job, command);
  for (const Worker& one : desired_.workers) {
    const Endpoint endpoint = endpoint_of(one, ssh_);
    out.workers.emplace(one.address, endpoint);
    out.workers.emplace(one.host.str(), endpoint);
  }
  return out;
}

}  // namespace maand
