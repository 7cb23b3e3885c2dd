// Rollout ⇄ Runner: begins the steps the machine hands out and reports what
// became of them. Knows nothing of why a step is due.
//
// Reconcile thread only. Cost: per operation one store transaction before (shared
// by all operations that begin together) and one after.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/app/health_watcher.h"
#include "reconciler/app/inbox.h"
#include "reconciler/app/journal.h"
#include "reconciler/app/worker_documents.h"
#include "reconciler/core/desired.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/rollout.h"

namespace maand {

using DocumentsFor = std::function<WorkerDocuments(const WorkerHost&)>;

class RolloutDriver {
 public:
  // Called where an operation came back because another controller has the worker (R3.12).
  using Fenced = std::function<void(const WorkerHost&, const std::string& detail)>;

  using HooksEnded = std::function<void(const HookRoundEnd&)>;

  struct Deps {
    Inbox& inbox;
    Runner& runner;
    Journal& journal;
    Clock& clock;
    Observer& observer;
    // Workers whose own records could not be read yet: nothing is begun there (R7.3).
    const std::map<WorkerHost, Contact>* unread = nullptr;
    Fenced fenced = nullptr;
    HealthWatcher* health = nullptr;  // pauses for what is acted on, and tells news of the rest
    // Workers that this daemon has asked what they keep (R7.3); null = nobody is asked. See introduce().
    std::set<WorkerHost>* met = nullptr;
    // Called with each operation before it is on record. May throw StoreError: then none begins.
    std::function<void(Step&, Journal::Intent&)> amend = nullptr;
    // Runs the hooks of a step; they end later, on this thread. Null: none is ever asked for.
    std::function<void(const Step&, HooksEnded)> hooks = nullptr;
  };

  RolloutDriver(Deps deps, DocumentsFor documents, CommitId head);
  ~RolloutDriver();
  RolloutDriver(const RolloutDriver&) = delete;
  RolloutDriver& operator=(const RolloutDriver&) = delete;

  // Drives `rollout` until it is finished, serving the inbox all the time.
  // `between` is called after each round of messages: the place where the pass
  // looks at newer commits and at a request to stop. Throws StoreError after
  // everything in flight was let go; receipts on the workers keep the truth.
  void run(Rollout& rollout, const std::function<void()>& between);

  // A newer commit is judged from here on (R1.8).
  void set_head(CommitId head) { head_ = std::move(head); }

  // The last operation of each allocation in this rollout.
  const std::map<AllocationKey, OperationId>& operations() const { return operations_; }
  // An operation began on a worker; one that a condition kept away does not count.
  bool acted() const { return acted_; }

 private:
  struct Flight {  // shared with the sinks, which may outlive the driver
    RolloutDriver* driver = nullptr;
  };

  void begin_steps(Rollout& rollout);
  void begin_hooks(Rollout& rollout, const Step& step);
  // Why the worker must not be touched; nullopt: it may.
  std::optional<Contact> kept_off(const WorkerHost& worker) const;
  void keep_off(Rollout& rollout, const Step& step, const Contact& contact);
  // Asks a worker that this daemon has not met what it keeps, and `step` waits for the answer. A store that
  // was put back as a snapshot knows nothing of what was begun since, and an operation on
  // another allocation would not show it. Cost: one exec more per worker and daemon's life.
  void introduce(Rollout& rollout, Step step);
  void on_introduced(Rollout& rollout, const WorkerHost& worker, const Recalled& told);
  void begin_confirmation(Rollout& rollout, const Step& step);
  void end_confirmation(Rollout& rollout, const Step& step, const Operation& operation,
                        const Outcome& outcome);
  void begin_operations(Rollout& rollout, std::vector<Step> steps);
  void run_operations(Rollout& rollout, std::vector<Step> steps);
  void end_operation(Rollout& rollout, const Step& step, const Operation& operation, const Outcome& outcome);
  // R3.12: from then on nobody is written to.
  void heed_fence(const WorkerHost& worker, const Contact& contact);
  void tell_set_aside(const WorkerHost& worker, const std::string& condition, const std::string& detail);

  Deps deps_;
  DocumentsFor documents_;
  CommitId head_;
  std::map<AllocationKey, OperationId> operations_;
  std::map<WorkerHost, std::string> told_;  // condition last told of each worker
  // Workers that hold something confirmed of ours, and so must know us (R3.5).
  std::set<WorkerHost> confirmed_;
  std::map<WorkerHost, std::vector<Step>> introduced_;  // what waits until its worker has told
  bool acted_ = false;
  std::string fence_;  // what the worker said that refused us; from then on nobody is written to
  std::size_t in_flight_ = 0;
  std::exception_ptr store_failure_;
  std::shared_ptr<Flight> flight_;
};

}  // namespace maand
