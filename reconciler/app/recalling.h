// Asking workers what they keep of this bucket, all at once.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "reconciler/app/inbox.h"
#include "reconciler/core/ports.h"

namespace maand {

// What is told of a worker that keeps more than the store knows.
inline constexpr const char* kKeepsMore = "it keeps operations that this store does not know";

struct RecallDeps {
  Inbox& inbox;
  Runner& runner;
  Clock& clock;
};

struct AskedWorker {
  Endpoint endpoint;
  WorkerHost was;  // a host whose marker may lie there as well (R3.6)
};

// Reconcile thread. Waits for the answers; `stop` ends the wait early, and who has not
// answered then is left out.
std::map<WorkerHost, Recalled> recall_from_workers(const RecallDeps& deps,
                                                   const std::vector<AskedWorker>& workers,
                                                   const std::function<bool()>& stop);

// Before hooks act on the workers of their jobs: asks those that this daemon has not met, as
// RolloutDriver::introduce does before an operation, and adds who answered to `met`. The first that keeps
// what `state` does not know; nullopt: nobody does.
std::optional<WorkerHost> who_knows_more(const RecallDeps& deps, const std::vector<Endpoint>& workers,
                                         const AppliedState& state, std::set<WorkerHost>& met,
                                         const std::function<bool()>& stop);

}  // namespace maand
