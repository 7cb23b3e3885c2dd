// Asking jobs for their health once, or until they are healthy, outside the daemon:
// what `maand health_check` does.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "reconciler/cli/bucket.h"
#include "reconciler/core/desired.h"
#include "reconciler/core/plan.h"
#include "reconciler/core/ports.h"

namespace maand {

struct CheckedAllocation {
  AllocationKey key;
  Endpoint endpoint;
  bool asked = true;  // false: it is not running, or runs other content; `detail` says so
  Health health = Health::kUnprobed;
  std::string detail;
};

struct CheckedJob {
  enum class Result { kPassed, kFailed, kSkipped };
  JobName job;
  HealthSpec spec;
  Result result = Result::kSkipped;
  std::string detail;  // kSkipped: why
  std::vector<CheckedAllocation> allocations;
};
const char* to_string(CheckedJob::Result result);  // "passed", "failed", "skipped"

// Every job of `desired`, or those of `names` alone, with its active allocations.
// Throws CommandError (kExitUsage) for a name that is no job, naming the nearest.
std::vector<CheckedJob> jobs_to_check(const DesiredState& desired, const AppliedState& applied,
                                      const PlanSettings& settings, const std::vector<std::string>& names);

// Asks, 16 jobs at a time, all allocations of a job in parallel. One round, or with
// `wait` as many as the manifest says, its interval apart. A job has passed when
// every allocation is healthy in the same round; one that is not running fails it.
// Blocks; no other thread touches `jobs` afterwards.
void check_jobs(Runner& runner, std::vector<CheckedJob>& jobs, bool wait);
// The same, over connections of its own.
void check_jobs(const Bucket& bucket, std::vector<CheckedJob>& jobs, bool wait);

}  // namespace maand
