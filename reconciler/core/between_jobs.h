// What is wrong between jobs that load, each by itself: ports and minimums
// (workspace.md 3.4 and list of differences, R1.6).
#pragma once

#include <vector>

#include "reconciler/core/workspace.h"

namespace maand {

// Disabled allocations count: they are to come back.
std::vector<BetweenJobs> check_between_jobs(const std::vector<Worker>& workers,
                                            const std::map<JobName, Job>& jobs);

}  // namespace maand
