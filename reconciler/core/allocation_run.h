// One allocation within one rollout: what is tried, how often, and what an
// outcome means for it (R2.6, R2.7, R3.4).
//
//   succeeded                         -> confirmed
//   failed        attempts left       -> again later (1 s, 2 s, 4 s, …), as `start` or `restart`
//                 none left, no such target, … -> failed
//   interrupted   the first time      -> again at once, as a new operation
//                 once more           -> failed: RebootLoop when the boots differ, else TargetFailed
//   condition, unknown, never         -> set aside; no attempt is used
//   pending, then confirmed           -> confirmed; reverted, or not known in time -> failed: NotConfirmed
#pragma once

#include <string>
#include <vector>

#include "reconciler/core/fleet.h"
#include "reconciler/core/rollout.h"

namespace maand {

struct AllocationRun {
  enum class Turn {
    kIdle,      // nothing asked for
    kQueued,    // a step waits to be handed out
    kInFlight,  // its answer is awaited
    kRetry,     // waits for `retry_at`
    kParked,    // in its batch, until another job has stopped for its port
  };

  AllocationKey key;
  const Endpoint* endpoint = nullptr;
  Fleet::Lane lane = 0;
  const PlannedAction* planned = nullptr;   // null: only probed
  const PlannedAction* removal = nullptr;   // the kRemove that follows its kStop
  const PlannedAction* handover = nullptr;  // the kStop that lets another job have its port
  int active = -1;                          // index into JobPlan::active

  Turn turn = Turn::kIdle;
  Step::Kind step = Step::Kind::kRun;
  Action doing = Action::kNone;  // kRun
  int attempt = 1;
  Previous previous = Previous::kNone;
  Instant retry_at{};

  int failures = 0;  // in this rollout
  bool interrupted = false;
  std::string boot;  // of the interruption
  bool staged = false;
  std::vector<std::size_t> waits;  // indices into JobPlan::waits: who has not let go yet
  bool giving_up = false;          // a stop for its port is under way, in no batch of its job
  bool gave_up = false;
  bool exempt = false;   // was unhealthy before its batch (R2.4)
  bool came_up = false;  // healthy in its gate
  bool awaits = false;   // its operation is to be confirmed over a new connection
  bool begun = false;    // a step of its action was handed out
  std::string version;   // confirmed
  bool running = false;  // confirmed
  std::optional<Instant> probed_at;

  AllocationReport::State state = AllocationReport::State::kPending;
  std::optional<Outcome> outcome;
  Health health = Health::kUnprobed;
  // As the checks of what ran said last, of before its batch or from outside of it.
  Health watched = Health::kUnprobed;
  WorkerCondition condition = WorkerCondition::kNone;
  std::string detail;

  void plan(const PlannedAction& action);  // what it is to do first
  bool leaves() const;                     // a running allocation the workspace no longer places here
};

// What follows from an outcome.
struct Settled {
  enum class Kind { kConfirmed, kAgain, kLater, kFailed, kSetAside } kind = Kind::kConfirmed;
  Reason reason = Reason::kTargetFailed;  // kFailed
};

// Books the outcome of what `run` was doing. kAgain and kLater leave in it what is
// to be done next; the caller sees to when.
Settled settle(AllocationRun& run, const Outcome& outcome, const RolloutPolicy& policy, Instant now);

// Its target or its gate failed: true when it may be tried again, then set up.
bool try_again(AllocationRun& run, const RolloutPolicy& policy, Instant now);

// The worker and not the allocation is the trouble: others there need not try.
bool concerns_worker(WorkerCondition condition);

}  // namespace maand
