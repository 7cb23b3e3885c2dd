// Asking workers what became of operations whose end is not known (R3.4).
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "reconciler/app/inbox.h"
#include "reconciler/app/journal.h"
#include "reconciler/core/ports.h"

namespace maand {

struct SettlingDeps {
  Inbox& inbox;
  Runner& runner;
  Journal& journal;
  Clock& clock;
  Observer& observer;
};

// Its worker had taken it back by itself (R2.9 confirm_seconds).
struct Reverted {
  Operation operation;
  TreeId tree;
  CommitId head;
  Outcome outcome;
};

struct SettlingResult {
  std::size_t unsettled = 0;  // still open: their workers could not be asked
  std::map<WorkerHost, Contact> set_aside;
  std::vector<AllocationKey> pending;  // of the unsettled: ended well and wait to be confirmed
  std::vector<Reverted> reverted;
  std::set<AllocationKey> failed;  // whose target is known to have failed now
};

// Reconcile thread. Asks about every open operation, all workers at once, and
// waits for the answers; a target that still runs is waited for. `stop` ends the
// wait early. Throws StoreError. Cost: no contact at all when nothing is open.
SettlingResult settle_open_operations(const SettlingDeps& deps, const std::function<bool()>& stop);

// What one worker said. A condition, or no answer, leaves the operation open.
void settle_answer(const SettlingDeps& deps, const AllocationKey& key, const Outcome& outcome,
                   SettlingResult& result);

}  // namespace maand
