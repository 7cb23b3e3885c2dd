#include "reconciler/core/worker_table.h"

namespace maand {

Endpoint endpoint_of(const Worker& worker, const SshDefaults& defaults) {
  Endpoint endpoint;
  endpoint.host = worker.host;
  endpoint.address = worker.address.empty() ? worker.host.str() : worker.address;
  endpoint.port = worker.ssh.port.value_or(defaults.port);
  endpoint.user = worker.ssh.user.value_or(defaults.user);
  endpoint.key = worker.ssh.key.value_or(defaults.key);
  endpoint.jump = worker.ssh.jump.value_or(defaults.jump);
  endpoint.use_sudo = worker.ssh.use_sudo.value_or(defaults.use_sudo);
  endpoint.host_keys = worker.host_keys;
  return endpoint;
}

WorkerTable::WorkerTable(const std::vector<Worker>& workers, const SshDefaults& ssh)
    : workers_(workers), ssh_(ssh), endpoints_(workers.size()), laid_(workers.size(), nullptr) {
  for (std::uint32_t i = 0; i < workers.size(); ++i) places_.emplace(workers[i].host, i);
}

std::optional<std::uint32_t> WorkerTable::place_of(const WorkerHost& host) const {
  const auto it = places_.find(host);
  if (it == places_.end()) return std::nullopt;
  return it->second;
}

EndpointPtr WorkerTable::endpoint(std::uint32_t place) {
  EndpointPtr& known = endpoints_[place];
  if (!known) known = std::make_shared<const Endpoint>(endpoint_of(workers_[place], ssh_));
  return known;
}

EndpointPtr WorkerTable::endpoint(const WorkerHost& host, const AppliedAllocation* applied) {
  if (const auto place = place_of(host)) return endpoint(*place);
  return std::make_shared<const Endpoint>(applied ? applied->endpoint : Endpoint{});
}

std::optional<std::uint32_t> WorkerTable::lay(const AppliedAllocation& allocation) {
  const auto place = place_of(allocation.key.worker);
  if (!place) return place;
  laid_[*place] = &allocation;
  used_.push_back(*place);
  return place;
}

void WorkerTable::clear() {
  for (const std::uint32_t place : used_) laid_[place] = nullptr;
  used_.clear();
}

}  // namespace maand
