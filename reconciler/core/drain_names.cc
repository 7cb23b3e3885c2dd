#include "reconciler/core/drain_names.h"

#include <algorithm>
#include <utility>

namespace maand {

Drains with_new_names(Drains drains, const std::vector<Worker>& workers) {
  if (drains.empty()) return drains;
  const auto listed = [&](const WorkerHost& host) {
    return std::any_of(workers.begin(), workers.end(), [&](const Worker& one) { return one.host == host; });
  };
  for (const Worker& worker : workers) {
    if (worker.was.empty() || listed(worker.was)) continue;
    auto old = drains.extract(worker.was);
    if (old.empty()) continue;
    old.key() = worker.host;
    drains.insert(std::move(old));
  }
  return drains;
}

}  // namespace maand
