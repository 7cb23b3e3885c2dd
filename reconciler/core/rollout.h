// The rollout machine: hands out steps batch by batch and takes outcomes.
//
// It has no thread, no clock and no I/O: time comes in as an argument. It knows
// nothing of how a step is done; the driver (`app/rollout_driver`) knows nothing
// of why. Rules R2.3 to R2.8.
//
// Per job, in this order (see rollout.cc for the drawing):
//
//   blocked ─► contact ─► drain ─► remove ─► start batches ─► upgrade batches ─► done
//                │           ╲ any failure: the job stops here ╱
//                └ set aside: worker conditions cost only their own allocations
//
// Jobs that leave come first, in reverse wave order; then waves, and within a
// wave every job on its own. A rollout always ends: an allocation whose worker
// cannot be reached is set aside and left to a later pass.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/failure_budget.h"
#include "reconciler/core/outcome.h"
#include "reconciler/core/plan.h"
#include "reconciler/core/ports.h"

namespace maand {

struct RolloutLimits {
  int max_parallel_workers = 64;  // workers with a step in flight
  int max_per_worker = 4;         // steps in flight on one worker
  BudgetLimits budget = {};       // over all jobs of the pass
};

// One thing for the driver to do now. Each is answered exactly once.
struct Step {
  enum class Kind {
    kContact,  // connect to `endpoint`; answer with on_contact
    kProbe,    // one round of probes of `key`; answer with on_probe
    kRun,      // run `action`; answer with on_outcome
    kConfirm,  // confirm over a new connection what `key` is at; answer with on_outcome
    kHook,     // run `hooks` on this host; answer with on_hooks
  };
  Kind kind = Kind::kRun;
  AllocationKey key;  // kContact: `worker` only
  Endpoint endpoint;
  PlannedAction action;   // kRun
  HealthSpec health;      // kProbe
  Seconds timeout{600};   // kRun: of the target
  PortNumbers ports;      // kRun: what its files and target are made with
  TreeId tree;            // kRun
  CommitId commit;        // kRun
  bool way_back = false;  // kRun: what is confirmed there is kept; kConfirm: and still is, for a rollback
  Seconds confirm{0};     // kRun: Operation::confirm
  WayBackLimits back_limits;
  HookRound hooks;  // kHook; `key` then names the job alone
};

// How an allocation fared in this rollout.
struct AllocationReport {
  PlannedAction action;
  enum class State { kPending, kRunning, kDone, kFailed, kSetAside, kNotReached } state = State::kPending;
  std::optional<Outcome> outcome;
  Health health = Health::kUnprobed;
  WorkerCondition condition = WorkerCondition::kNone;
  std::string detail;
};

struct JobReport {
  JobName job;
  CommitId commit;
  TreeId tree;
  bool rollback = false;       // it is about going back (JobPlan::rollback)
  bool would_go_back = false;  // is to go back when it fails (R5.2)
  enum class State {
    kPending,  // nothing begun yet
    kRunning,
    kDone,        // everything planned is confirmed and passed its gates
    kDegraded,    // done as far as workers could be reached; some are set aside
    kWaiting,     // Unavailable, Blocked, MoveWaits or PortConflict; a later pass goes on
    kFailed,      // R2.6: to be held
    kStopped,     // superseded or the daemon is leaving
    kHeld,        // came in held, and what R1.7 still allows is done
    kRolledBack,  // its rollout had failed; what was confirmed before is back (R5.2)
  } state = State::kPending;
  Reason reason = Reason::kUnchanged;
  std::string detail;  // names what it waits for, or what failed
  int batch = 0;       // of the current phase, from 1; 0 = none yet
  int batches = 0;
  bool owes_hooks = false;  // its last hooks have not run
  std::vector<AllocationReport> allocations;
};
const char* to_string(JobReport::State state);

struct BakeLeft {
  TreeId tree;
  std::chrono::milliseconds left{0};
};

class Rollout {
 public:
  explicit Rollout(RolloutLimits limits);
  ~Rollout();
  Rollout(const Rollout&) = delete;
  Rollout& operator=(const Rollout&) = delete;

  // Adds a job, or replaces one that is quiet: it starts afresh with the new plan,
  // the others go on with their batches, clocks and counts (R1.8).
  // REQUIRES: quiet(plan.job); throws std::logic_error otherwise.
  void put(JobPlan plan, Instant now);

  // Takes a job out, with its report. REQUIRES: quiet(job).
  void drop(const JobName& job);

  // Steps to begin now; never more than the limits allow together with those in flight.
  // Cost: O(steps handed out + jobs whose time has come), whatever the size of the rollout.
  std::vector<Step> next(Instant now);
  // When next() may have more to say though nothing was reported (gate rounds,
  // retries, progress timeouts). nullopt: only a report can change anything.
  std::optional<Instant> wake_at() const;

  // A run that was handed out may still begin: its job has neither failed nor been stopped since. Where not,
  // answer OutcomeKind::kNever.
  bool wants(const AllocationKey& key) const;

  // Answers. One nobody waits for is ignored, except that a probe is always news
  // of that allocation's health (R5.8).
  void on_contact(const WorkerHost& worker, const Contact& contact, Instant now);
  void on_outcome(const AllocationKey& key, const Outcome& outcome, Instant now);
  void on_hooks(const JobName& job, const HookRoundEnd& end, Instant now);
  // The hooks that follow the batch that the job is at, for all of its members; nullopt: none do. Not for
  // each step: costs a look at the whole batch and its order.
  std::optional<HookRound> hooks_after_batch(const JobName& job) const;
  void on_probe(const AllocationKey& key, Health health, const std::string& detail, Instant now);
  // Was acted on and answered its gate. Only that is news of its health: a look before
  // a batch is made with checks that belong to other content.
  bool came_up(const AllocationKey& key) const;

  // R1.8, R5.5: no new operation of the job begins; what is in flight and its gate finish.
  void stop_job(const JobName& job, Reason reason, const std::string& detail = "");
  void stop_all(Reason reason);
  // Nothing of the job is in flight and nothing more will begin (or it is unknown).
  bool quiet(const JobName& job) const;

  // Jobs that failed since the last call, are quiet, and whose policy it is to go back.
  std::vector<JobName> take_failed();
  // What a batch of each job that bakes has still to bake, as of `now`: the whole time
  // from its first step to the end of its gate, less while it bakes, then 0 (R2.9).
  // Jobs of which nothing has begun are left out.
  std::map<JobName, BakeLeft> bakes(Instant now) const;

  // Every job is done, degraded, waiting, failed, stopped, held or rolled back, and nothing is in flight.
  bool finished() const;

  std::vector<JobReport> reports() const;  // sorted by job
  std::optional<JobReport> report(const JobName& job) const;
  // Workers set aside in this rollout and why.
  std::map<WorkerHost, Contact> set_aside() const;

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace maand
