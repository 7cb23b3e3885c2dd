// What one job has to do, and on which allocations: the unit of a plan and of its rollout.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "reconciler/core/job_hooks.h"
#include "reconciler/core/model.h"
#include "reconciler/core/operation.h"
#include "reconciler/core/outcome.h"
#include "reconciler/core/port_table.h"
#include "reconciler/core/reason.h"

namespace maand {

// One action on one allocation.
struct PlannedAction {
  AllocationKey key;
  Action action = Action::kNone;
  Reason reason = Reason::kUnchanged;
  std::string detail;           // what the sentence names: the matching path, the changed files, …
  std::string current_version;  // CURRENT_VERSION
  std::string new_version;      // NEW_VERSION
  int attempt = 1;
  Previous previous = Previous::kNone;
  std::string interrupted_boot;  // previous kInterrupted: boot id at the interruption (R3.4)
  FileSetPtr files;              // what shall lie there afterwards
  RenderedWith rendered_with;    // of `files`
  // Whom it waits for a port, as words for the end of its sentence; empty = nobody.
  std::string after;
  friend bool operator==(const PlannedAction&, const PlannedAction&) = default;
};

// `api@10.0.0.1: restart, because the version changed from 1.2.0 to 1.3.0`
std::string sentence(const PlannedAction& action);

// A desired and enabled allocation of a job, changed or not: what availability
// (R2.5) is counted over.
struct ActiveAllocation {
  AllocationKey key;
  EndpointPtr endpoint;               // never null
  Health health = Health::kUnprobed;  // newest probe
  bool failed = false;                // its last target failed
  bool open = false;                  // what was begun there last has no known end
  bool running = false;
  std::string version;  // confirmed
  bool bakes = false;   // has the new content already; its bake is not over (R2.9)
};

// An allocation that takes a port which another one of its worker still has: its
// target must not run before that one has let go, or its bind fails and the health
// gate sees the other's listener (list of differences: two jobs swap in one commit).
struct PortWait {
  AllocationKey taker;
  int port = 0;
  AllocationKey holder;
  enum class How {
    kLetsGo,  // an action of the holder in this plan makes it let go, and needs nothing of the taker
    kStops,   // the holder is stopped when the taker is about to run: each waits for the
              // other, or the holder's own turn comes only after the taker's
    kKeeps,   // nothing in this plan makes the holder let go
  } how = How::kLetsGo;
  std::string why;  // kKeeps: `it is held (Broken)`
  friend bool operator==(const PortWait&, const PortWait&) = default;
};

// `port 8080, which a@10.0.0.1 has`
std::string sentence(const PortWait& wait);

// All of one job: the unit the rollout machine works on.
struct JobPlan {
  JobName job;
  CommitId commit;       // where its content comes from
  TreeId tree;           // hold key (R5.3); empty for a job that leaves
  bool leaving = false;  // the whole job goes: its drains run before the waves
  // It does nothing but to leave workers that an operator drains: in reverse wave order, before the
  // waves, and whatever it demands of others.
  bool empties = false;
  // What was confirmed before a failed rollout is put back (R5.2): `upgrades` are
  // kRollback (and kRestore, where only the gate is owed), `drains` what was new in it.
  bool rollback = false;
  bool unsettled = false;  // of a rollback: not everything is known yet, so it cannot be through
  int wave = 0;

  std::vector<PlannedAction> drains;  // kStop (R2.3: also those of a move) and disables
  std::vector<PlannedAction>
      removals;  // kRemove and kForget; a kRemove of a running allocation follows its kStop
  std::vector<PlannedAction> starts;     // kStart, in rollout order
  std::vector<PlannedAction> upgrades;   // kRestart, kReload, kSync, kStart of `handovers`, in rollout order
  std::vector<ActiveAllocation> active;  // every one, in rollout order
  std::map<WorkerHost, EndpointPtr> endpoints;  // of workers named above that have no active allocation

  int max_concurrent_starts = 0;
  int max_concurrent_upgrades = 1;
  HealthSpec health;
  RolloutPolicy policy;
  std::map<Target, Seconds> timeouts;  // of every target
  std::vector<Demand> demands;
  bool released = false;  // `maand release JOB`: R2.5, R2.8 and R5.6 do not hold it
  // What an earlier pass left of a bake; before anything else begins.
  std::chrono::milliseconds bake_left{0};
  int failed_before = 0;  // allocations that failed for good in an earlier pass (rollout.max_failures)

  PortNumbers ports;  // what its targets are run with
  // Of allocations above, sorted by (taker, port); empty but for ports that change hands.
  std::vector<PortWait> waits;
  // kStop of allocations that are stopped for a port and come up again with their own
  // action, a kStart among `upgrades` or `starts`. Run when the taker's turn has come.
  std::vector<PlannedAction> handovers;

  JobHooks hooks;  // none where it is held, goes back or leaves

  // Nothing is done for the job as a whole, and why; `actions` above then hold
  // only what R1.7 still allows (leaving workers, disables, new workers).
  bool held = false;
  Reason held_reason = Reason::kUnchanged;
  std::string held_detail;

  bool bakes() const { return bake_left.count() > 0; }
  bool owes_hooks() const { return hooks.post_deploy_owed; }

  // Nothing of it begins.
  void hold(Reason reason, std::string detail);

  bool has_actions() const {
    return !drains.empty() || !removals.empty() || !starts.empty() || !upgrades.empty();
  }
};

}  // namespace maand
