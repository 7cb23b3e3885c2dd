#include "reconciler/app/recalling.h"

#include <memory>
#include <utility>

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

}  // namespace maand
