// What the loop tells of its own work, for metrics. Called on the reconcile
// thread, at most a few times a second; never throws.
#pragma once

#include <vector>

#include "reconciler/core/meter.h"
#include "reconciler/core/rollout.h"

namespace maand {

struct Judged;

// What the reconcile thread is at. In the order in which a pass comes to them.
enum class Phase {
  kIdle,
  kLook,    // ls-remote
  kFetch,   // only when the branch moved
  kJudge,   // history, workspace
  kSettle,  // operations whose end is not known (R3.4)
  kRecall,  // ports that workers kept, when nothing is on record
  kPlan,
  kRollOut,
  kReport,
  kPublish,  // notes
};
const char* to_string(Phase phase);  // "idle", "look", …: for machines
const char* words(Phase phase);      // "idle", "asking the remote", …: for people

enum class PassEnd {
  kConverged,     // nothing is left to be tried again
  kUnfinished,    // something waits, or a worker was out of reach: it is tried again
  kSourceFailed,  // the remote did not answer as it should
};
const char* to_string(PassEnd end);  // "converged", …

class LoopMeter {
 public:
  virtual ~LoopMeter() = default;
  virtual void phase_ended(Phase phase, Took took) = 0;
  virtual void pass_ended(PassEnd end, bool acted, Took took) = 0;
  // A webhook announced the commit: from now on its push is known.
  virtual void push_announced(const CommitId& commit) = 0;
  // What is converged to from now on; told by every pass.
  virtual void commit_accepted(const Judged& judged) = 0;
  // How the jobs of the rollout that goes on, or has just ended, fare.
  virtual void rollout_moved(const std::vector<JobReport>& jobs) = 0;
};

}  // namespace maand
