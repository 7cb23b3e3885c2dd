// Do jobs get what they demand of one another? (workspace.md 5.1)
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/model.h"
#include "reconciler/core/workspace.h"

namespace maand {

// For each demand that cannot be met as the workspace stands: the demanded job or
// its command is not there, it states no version, or one outside the bounds.
// Names both jobs and holds the one that demands (kDemandUnmet). Of jobs in
// `unreadable` nothing is known, so nothing is said. Ordered by (job, command).
// Cost: demands × log(jobs).
std::vector<BetweenJobs> check_demands(const std::map<JobName, Job>& jobs,
                                       const std::set<JobName>& unreadable);

// `version` lies within the demand's inclusive bounds. A bound or a version that
// is not a version at all is no reason to block: loading has told of it.
bool within_bounds(const Demand& demand, std::string_view version);

// ` >= 1.2.0 and <= 2.0.0`, to follow the name of the job; "" without bounds.
std::string bounds_of(const Demand& demand);

}  // namespace maand
