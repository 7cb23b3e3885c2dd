#include "reconciler/app/gone_workers.h"

#include <memory>
#include <vector>

namespace maand {
namespace {

// Host → how to reach it, of workers that left and have something of ours.
std::map<WorkerHost, Endpoint> left_behind(const AppliedState& state, const Workspace& workspace) {
  std::set<WorkerHost> listed;
  for (const Worker& worker : workspace.workers) listed.insert(worker.host);
  std::map<WorkerHost, Endpoint> out;
  for (const auto& [key, allocation] : state.allocations) {
    if (listed.count(key.worker) == 0) out.emplace(key.worker, allocation.endpoint);
  }
  return out;
}

struct Answers {  // outlives the call when it ends early
  std::size_t waiting = 0;
  std::set<WorkerHost> there;
};

}  // namespace

std::set<WorkerHost> abandoned_workers(const GoneDeps& deps, const GoneSettings& settings,
                                       const Workspace& workspace, Away& away,
                                       const std::function<bool()>& stop) {
  std::set<WorkerHost> abandoned;
  const WallTime now = deps.clock.wall();
  auto answers = std::make_shared<Answers>();
  std::vector<WorkerHost> tried;
  for (const auto& [host, endpoint] : left_behind(deps.journal.state(), workspace)) {
    const auto known = deps.journal.state().workers.find(host);
    if (known == deps.journal.state().workers.end()) continue;
    WorkerRecord record = known->second;
    if (record.away_since == WallTime{}) continue;
    const Instant noted = away.try_emplace(host, deps.clock.now()).first->second;
    const bool before = record.tried_at != WallTime{};
    if (!before && deps.clock.now() - noted < settings.removal_grace) continue;
    abandoned.insert(host);
    if (!before) {  // the pass that found its grace over has just tried
      record.tried_at = now;
      deps.journal.put_worker(record);
    }
    // A clock that was put back must not keep it from being tried for as long.
    const bool due = record.tried_at > now || now - record.tried_at >= settings.try_every;
    if (!due) continue;
    tried.push_back(host);
    ++answers->waiting;
    deps.runner.contact(endpoint, [answers, &inbox = deps.inbox, host = host](Contact contact) {
      inbox.post([answers, host, contact] {
        --answers->waiting;
        if (contact.condition == WorkerCondition::kNone) answers->there.insert(host);
      });
    });
  }
  while (answers->waiting > 0 && !stop()) deps.inbox.serve(deps.clock.now() + std::chrono::seconds(1));
  for (const WorkerHost& host : tried) {
    const auto known = deps.journal.state().workers.find(host);
    if (known == deps.journal.state().workers.end()) continue;  // an operator forgot it meanwhile
    WorkerRecord record = known->second;
    record.tried_at = now;
    if (answers->there.count(host) > 0) {
      record.away_since = record.tried_at = {};
      away.erase(host);
      abandoned.erase(host);
    }
    deps.journal.put_worker(record);
  }
  return abandoned;
}

void note_gone_workers(Journal& journal, const Workspace& workspace,
                       const std::map<WorkerHost, Contact>& set_aside, const Clock& clock, Away& away) {
  const AppliedState& state = journal.state();
  const std::map<WorkerHost, Endpoint> left = left_behind(state, workspace);
  for (const auto& [host, contact] : set_aside) {
    if (left.count(host) == 0) continue;
    WorkerRecord record;
    if (const auto known = state.workers.find(host); known != state.workers.end()) record = known->second;
    away.try_emplace(host, clock.now());
    if (record.away_since != WallTime{}) continue;
    record.host = host;
    record.away_since = clock.wall();
    journal.put_worker(record);
  }
  std::set<WorkerHost> listed;
  for (const Worker& worker : workspace.workers) listed.insert(worker.host);
  std::erase_if(away, [&](const auto& one) { return left.count(one.first) == 0; });
  std::vector<WorkerHost> rid;
  std::vector<WorkerRecord> back;
  for (const auto& [host, record] : state.workers) {
    if (left.count(host) == 0 && listed.count(host) == 0) rid.push_back(host);
    if (record.away_since == WallTime{} || listed.count(host) == 0) continue;
    back.push_back(record);
    back.back().away_since = back.back().tried_at = {};
  }
  for (const WorkerRecord& record : back) journal.put_worker(record);
  for (const WorkerHost& host : rid) journal.erase_worker(host);
}

}  // namespace maand
