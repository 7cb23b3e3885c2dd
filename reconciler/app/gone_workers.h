// Workers that left the workspace with something of ours on them and cannot be reached
// (R3.9): after a while they are told of and tried seldom, instead of being a trouble
// of every pass.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <set>

#include "reconciler/app/inbox.h"
#include "reconciler/app/journal.h"
#include "reconciler/core/workspace.h"

namespace maand {

struct GoneSettings {
  std::chrono::milliseconds removal_grace{std::chrono::minutes(15)};
  std::chrono::milliseconds try_every{std::chrono::hours(1)};  // once the grace is over
};

struct GoneDeps {
  Inbox& inbox;
  Runner& runner;
  Clock& clock;
  Journal& journal;
};

// Since when this process has found whom out of reach. The grace is counted by it, so
// that a clock that jumps does not end it; after a restart it begins anew.
using Away = std::map<WorkerHost, Instant>;

// Before a plan: those whose grace is over and that are still out of reach. Reconcile
// thread; makes contact only where the time for that has come.
std::set<WorkerHost> abandoned_workers(const GoneDeps& deps, const GoneSettings& settings,
                                       const Workspace& workspace, Away& away,
                                       const std::function<bool()>& stop);

// After a rollout: since when is who out of reach; records of workers that are rid of us go.
void note_gone_workers(Journal& journal, const Workspace& workspace,
                       const std::map<WorkerHost, Contact>& set_aside, const Clock& clock, Away& away);

}  // namespace maand
