// In which order jobs are deployed: a job comes after every job it demands
// (workspace.md 5.2, R2.3).
#pragma once

#include <string>
#include <vector>

#include "reconciler/core/ids.h"
#include "reconciler/core/model.h"

namespace maand {

// Jobs of which every one reaches every other by its demands.
struct Cycle {
  std::vector<JobName> jobs;  // sorted; one only when it demands itself
  std::vector<JobName> path;  // a shortest way from the first of them back to it: a, b, a
};

struct Waves {
  // For each job the length of the longest chain of demands below it; 0 = demands
  // nobody. Jobs of a cycle share a wave, so that there is an order in any case.
  std::vector<int> sequence;
  std::vector<Cycle> cycles;  // sorted by their first job
};

// `jobs`: no null, every name once. Demands of jobs that are not among them do not
// count. Does not depend on the order of `jobs`, and recurses nowhere.
// Cost: (jobs + demands) × log(jobs).
Waves deployment_waves(const std::vector<const Job*>& jobs);

// `a -> b -> a`; the middle of a long one is left out.
std::string to_string(const Cycle& cycle);

}  // namespace maand
