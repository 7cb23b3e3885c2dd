// Asking workers what they keep of this bucket, all at once.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "reconciler/app/inbox.h"
#include "reconciler/core/ports.h"

namespace maand {

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

}  // namespace maand
