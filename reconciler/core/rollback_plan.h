// Going back from a rollout that failed: what is still to be done where (R5.2).
//
// It is read off the applied state alone, so that a daemon that comes back in the
// middle of it, or finds another head, goes on: what was confirmed before is kept
// beside each allocation until the rollout is through (ConfirmedBefore).
#pragma once

#include <vector>

#include "reconciler/core/plan.h"

namespace maand {

struct RollbackPlan {
  std::vector<PlannedAction> stops;      // new in the failed rollout
  std::vector<PlannedAction> restores;   // kRollback; kRestore where only its gate is owed
  std::vector<PlannedAction> unsettled;  // first the end of what was begun has to be known
  std::vector<AllocationKey> lost;       // have the failed content, and nothing is known to put back
  // Nothing is left to be done.
  bool through() const { return stops.empty() && restores.empty() && unsettled.empty(); }
};

// Going back is due or under way, and nothing newer makes it needless.
bool goes_back(const DesiredJob& desired, const JobRecord& record);

// `gated`: what is put back has health checks. Cost: the allocations of the job.
RollbackPlan plan_rollback(const JobRecord& record, const AppliedState& applied, bool gated);

}  // namespace maand
