// Whom the next look is about (R5.9): allocations that are confirmed, run, and have
// nothing to be done to them.
#pragma once

#include <map>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/desired.h"
#include "reconciler/core/drift_look.h"
#include "reconciler/core/plan.h"

namespace maand {

struct WorkerLook {
  Endpoint endpoint;
  std::vector<JobLook> jobs;  // by name; never empty
};
using DriftList = std::map<WorkerHost, WorkerLook>;

// Of a moment when `plan` was made of the other two, or has been rolled out since. An
// allocation that an operator stopped is nobody's to look at (R5.7). `make status` is
// asked as the content says that it runs. What a rollout is about to act on is for
// DriftWatch::pause(). Cost: one look at every applied allocation.
DriftList make_drift_list(const DesiredState& desired, const Plan& plan, const AppliedState& applied,
                          const SshDefaults& ssh);

}  // namespace maand
