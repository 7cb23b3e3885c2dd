#include "reconciler/app/recalling.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace maand {
namespace {

struct Answers {  // outlives this call when it ends early
  std::size_t waiting = 0;
  std::map<WorkerHost, PortTable> told;
  std::vector<std::string> missing;
};

}  // namespace

std::vector<Endpoint> workers_to_recall_from(const Workspace& workspace, const AppliedState& applied,
                                             const SshDefaults& defaults) {
  std::vector<Endpoint> workers;
  if (!applied.allocations.empty() || !applied.ports.empty() || !applied.jobs.empty()) return workers;
  const bool pooled = std::any_of(workspace.jobs.begin(), workspace.jobs.end(), [](const auto& job) {
    const auto& ports = job.second.resources.ports;
    return std::any_of(ports.begin(), ports.end(), [](const PortBinding& port) { return !port.fixed; });
  });
  if (!pooled) return workers;
  for (const Worker& worker : workspace.workers) workers.push_back(endpoint_of(worker, defaults));
  return workers;
}

RecalledPorts recall_from_workers(const RecallDeps& deps, const std::vector<Endpoint>& workers,
                                  const std::function<bool()>& stop) {
  auto answers = std::make_shared<Answers>();
  answers->waiting = workers.size();
  for (const Endpoint& worker : workers) {
    deps.runner.recall(worker, [answers, &inbox = deps.inbox, host = worker.host](Recalled recalled) {
      inbox.post([answers, host, recalled = std::move(recalled)] {
        --answers->waiting;
        if (recalled.condition == WorkerCondition::kNone) {
          answers->told.emplace(host, recalled.ports);
        } else {
          answers->missing.push_back(host.str() + " could not tell which ports it has kept (" +
                                     to_string(recalled.condition) + ")");
        }
      });
    });
  }
  while (answers->waiting > 0 && !stop()) deps.inbox.serve(deps.clock.now() + std::chrono::seconds(1));
  RecalledPorts out = recall_ports(answers->told);
  // Nobody knows anything: a new bucket, and no loss to tell of.
  if (out.numbers.empty()) return {};
  std::sort(answers->missing.begin(), answers->missing.end());
  out.conflicts.insert(out.conflicts.end(), answers->missing.begin(), answers->missing.end());
  return out;
}

}  // namespace maand
