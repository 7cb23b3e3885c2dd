// What is wrong between jobs that load, each by itself: ports, minimums, capacity,
// demands and their order (workspace.md 3.4, 4.2, 5 and list of differences, R1.6).
#pragma once

#include <map>
#include <set>
#include <vector>

#include "reconciler/core/workspace.h"

namespace maand {

// Disabled allocations count, since they are to come back; only capacity is judged
// without them. `unreadable`: jobs that are there and did not load.
std::vector<BetweenJobs> check_between_jobs(const std::vector<Worker>& workers,
                                            const std::map<JobName, Job>& jobs, const Disabled& disabled = {},
                                            const std::set<JobName>& unreadable = {});

}  // namespace maand
