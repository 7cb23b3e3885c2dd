#include "reconciler/app/recalling.h"

#include <memory>
#include <utility>

#include "reconciler/core/reconstruction.h"

namespace maand {
namespace {

struct Answers {  // outlives this call when it ends early
  std::size_t waiting = 0;
  std::map<WorkerHost, Recalled> told;
};

}  // namespace

std::map<WorkerHost, Recalled> recall_from_workers(const RecallDeps& deps,
                                                   const std::vector<AskedWorker>& workers,
                                                   const std::function<bool()>& stop) {
  auto answers = std::make_shared<Answers>();
  answers->waiting = workers.size();
  for (const AskedWorker& worker : workers) {
    deps.runner.recall(worker.endpoint, worker.was,
                       [answers, &inbox = deps.inbox, host = worker.endpoint.host](Recalled recalled) {
                         inbox.post([answers, host, recalled = std::move(recalled)]() mutable {
                           --answers->waiting;
                           answers->told.emplace(host, std::move(recalled));
                         });
                       });
  }
  while (answers->waiting > 0 && !stop()) deps.inbox.serve(deps.clock.now() + std::chrono::seconds(1));
  return std::exchange(answers->told, {});
}

std::optional<WorkerHost> who_knows_more(const RecallDeps& deps, const std::vector<Endpoint>& workers,
                                         const AppliedState& state, std::set<WorkerHost>& met,
                                         const std::function<bool()>& stop) {
  std::vector<AskedWorker> asked;
  for (const Endpoint& worker : workers) {
    if (met.count(worker.host) > 0) continue;
    const auto record = state.workers.find(worker.host);
    asked.push_back({worker, record == state.workers.end() ? WorkerHost() : record->second.was});
  }
  for (const auto& [host, told] : recall_from_workers(deps, asked, stop)) {
    if (told.condition != WorkerCondition::kNone) continue;  // whoever begins something there meets it
    if (beyond_known(state, host, told)) return host;
    met.insert(host);
  }
  return std::nullopt;
}

}  // namespace maand
