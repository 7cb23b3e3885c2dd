// Asking workers which ports they have kept, when nothing is on record here: the
// state store was lost, or the bucket is new.
#pragma once

#include <functional>
#include <vector>

#include "reconciler/app/inbox.h"
#include "reconciler/core/plan.h"
#include "reconciler/core/port_recall.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/workspace.h"

namespace maand {

// Whom to ask: every worker, when nothing is on record and some job has a port of
// the pool; nobody otherwise.
std::vector<Endpoint> workers_to_recall_from(const Workspace& workspace, const AppliedState& applied,
                                             const SshDefaults& defaults);

struct RecallDeps {
  Inbox& inbox;
  Runner& runner;
  Clock& clock;
};

// Reconcile thread. Asks all of them at once and waits for the answers; `stop` ends
// the wait early. A worker that cannot be asked is left out: what only it knows is lost.
RecalledPorts recall_from_workers(const RecallDeps& deps, const std::vector<Endpoint>& workers,
                                  const std::function<bool()>& stop);

}  // namespace maand
