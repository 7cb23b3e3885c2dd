// Asking workers what became of operations whose end is not known (R3.4).
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
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
  std::size_t unsettled = 0;         // still open: their workers could not be asked, or are still asked
  std::vector<AllocationKey> asked;  // of those: no answer yet, since what was begun still runs
  std::map<WorkerHost, Contact> set_aside;
  std::vector<AllocationKey> pending;  // of the unsettled: ended well and wait to be confirmed
  std::vector<Reverted> reverted;
  std::set<AllocationKey> failed;  // whose target is known to have failed now
};

// What is asked of workers and not answered yet: it may outlast the pass that asked, since an
// answer comes when the target has ended. Reconcile thread.
class OpenQuestions {
 public:
  OpenQuestions();

  // Asks about every open operation, all workers at once, and waits for the answers: for ever, or
  // for `patience`. What comes later counts with the next call, which `answered` is to bring about.
  // `stop` ends the wait early. Throws StoreError. Cost: no contact at all when nothing is open.
  SettlingResult settle(const SettlingDeps& deps, std::optional<std::chrono::milliseconds> patience,
                        std::function<void()> answered, const std::function<bool()>& stop);

 private:
  struct State;
  std::shared_ptr<State> state_;  // answers that come after us are nobody's
};

// What one worker said. A condition, or no answer, leaves the operation open.
void settle_answer(const SettlingDeps& deps, const AllocationKey& key, const Outcome& outcome,
                   SettlingResult& result);

}  // namespace maand
