// Whose health is asked for once a rollout is over (R5.8).
//
// An allocation is probed as the content says that it runs: one that waits for
// its upgrade is not asked the questions of the version to come.
#pragma once

#include <memory>
#include <set>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/desired.h"
#include "reconciler/core/plan.h"

namespace maand {

struct WatchedAllocation {
  AllocationKey key;
  Endpoint endpoint;
  Health health = Health::kUnprobed;  // as it is recorded
  // Shared by the allocations of a job. Null: it runs other content than `desired`
  // says, so that whoever watches it goes on with the checks known of it.
  std::shared_ptr<const HealthSpec> spec;
};

struct WatchList {
  std::vector<WatchedAllocation> watched;  // running; sorted by key
  // Running without any check and recorded as probed: they are `unprobed` now.
  std::vector<AllocationKey> unprobed;
};

// Allocations that the plan does something to, or leaves alone for a reason worth telling.
std::set<AllocationKey> acted_on(const Plan& plan);

// Of a moment when `plan` was made of the other two, or has been rolled out since.
// Cost: one look at every applied allocation.
WatchList make_watch_list(const DesiredState& desired, const Plan& plan, const AppliedState& applied,
                          const SshDefaults& ssh);

}  // namespace maand
