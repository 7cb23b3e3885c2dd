#include "reconciler/app/new_names.h"

#include <algorithm>
#include <utility>

#include "reconciler/core/renames.h"

namespace maand {
namespace {

struct Heritage {  // what one worker takes over
  const Worker* worker = nullptr;
  std::vector<const AppliedAllocation*> allocations;
  bool begun = false;  // it has allocations of its own already
  bool unsettled = false;
};

std::vector<Heritage> heritages(const AppliedState& state, const Workspace& workspace) {
  std::vector<Heritage> out;
  for (const Worker& worker : workspace.workers) {
    if (worker.was.empty()) continue;
    Heritage one;
    one.worker = &worker;
    for (const auto& [key, allocation] : state.allocations) {
      if (key.worker == worker.host) one.begun = true;
      if (key.worker != worker.was) continue;
      one.allocations.push_back(&allocation);
      one.unsettled = one.unsettled || allocation.open.has_value();
    }
    if (!one.allocations.empty()) out.push_back(std::move(one));
  }
  return out;
}

void take_host(Journal& journal, const Heritage& heritage, const SshDefaults& ssh, NewNames& out) {
  const Worker& worker = *heritage.worker;
  if (heritage.begun) {
    out.said.push_back(worker.host.str() + " has allocations of its own, so it takes over nothing of " +
                       worker.was.str());
    return;
  }
  if (heritage.unsettled) {
    for (const AppliedAllocation* allocation : heritage.allocations) {
      out.waiting[allocation->key.job] = "an operation on " + worker.was.str() + " is not settled, and " +
                                         worker.host.str() + " takes over what it has";
    }
    return;
  }
  // The marker first: with it the next operation finds its worker, whatever comes between.
  WorkerRecord record;
  const auto old = journal.state().workers.find(worker.was);
  if (old != journal.state().workers.end()) record = old->second;
  record.host = worker.host;
  record.was = worker.was;
  record.away_since = record.tried_at = {};
  journal.put_worker(record);
  std::vector<AppliedAllocation> records;
  Forgotten gone;
  for (const auto& [key, ran_seq] : journal.state().forgotten) {
    if (key.worker == worker.was) gone.emplace(AllocationKey{key.job, worker.host}, ran_seq);
  }
  for (const AppliedAllocation* allocation : heritage.allocations) {
    records.push_back(renamed(*allocation, {allocation->key.job, worker.host}));
    records.back().endpoint = endpoint_of(worker, ssh);
    gone.erase(records.back().key);
    gone.emplace(allocation->key, 0);
  }
  journal.replace(records, gone);
  journal.erase_worker(worker.was);
  out.said.push_back(worker.host.str() + " takes over " + std::to_string(records.size()) +
                     " allocations of " + worker.was.str());
}

// A port keeps its number where the new job has one of the same name and none yet.
void carry_ports(Journal& journal, const JobName& from, const JobName& to) {
  const auto old = journal.state().ports.find(from);
  if (old == journal.state().ports.end() || journal.state().ports.count(to) > 0) return;
  PortTable ports = journal.state().ports;
  ports[to] = old->second;
  ports.erase(from);
  journal.put_ports(ports);
}

}  // namespace

NewNames take_new_names(Journal& journal, const Workspace& workspace, const SshDefaults& ssh) {
  NewNames out;
  for (const Heritage& heritage : heritages(journal.state(), workspace))
    take_host(journal, heritage, ssh, out);
  Renames renames = pending_renames(workspace, journal.state());
  std::vector<AppliedAllocation> records;
  Forgotten gone;
  for (const auto& [from, to] : renames.ready) {
    carry_ports(journal, from.job, to.job);
    records.push_back(renamed(*journal.state().find(from), to));
    // The name may have been another job's before.
    std::uint64_t& ran = records.back().ran_seq;
    ran = std::max(ran, journal.state().ran_seq(to));
    gone.emplace(from, 0);
    out.said.push_back(to.str() + " was " + from.str());
  }
  journal.replace(records, gone);
  out.waiting.merge(renames.waiting);
  return out;
}

std::map<JobName, std::string> new_names_to_come(const AppliedState& state, const Workspace& workspace) {
  std::map<JobName, std::string> out;
  for (const Heritage& heritage : heritages(state, workspace)) {
    if (heritage.begun) continue;
    for (const AppliedAllocation* allocation : heritage.allocations)
      out[allocation->key.job] = "its worker has another name now, which the next pass heeds";
  }
  Renames renames = pending_renames(workspace, state);
  for (const auto& [from, to] : renames.ready) {
    out[from.job] = out[to.job] = "the job was renamed, which the next pass heeds";
  }
  out.merge(renames.waiting);
  return out;
}

}  // namespace maand
