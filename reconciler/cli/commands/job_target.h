// `maand job status JOB` and `maand job run JOB --target T`: a target of the job's Makefile on the
// workers it runs on (workspace.md 11.1), outside of every rollout; or its job_control commands with
// TARGET on this host, where it has some. The targets of the lifecycle are not run by these: what they
// leave behind is a matter of record.
#pragma once

#include <string>
#include <vector>

#include "reconciler/cli/context.h"

namespace maand {

struct JobTargetOptions {
  std::string job;
  std::string target = "status";
  std::vector<std::string> allocations;  // --allocations w,w: on these workers alone
  std::string timeout;                   // of each; core/duration.h; empty: `rollout.lifecycle_timeout`
  bool health_check = false;             // of the job, after every batch
};

// Where the job runs by the state, in batches of its max_concurrent_upgrades. Beside a daemon or without one;
// writes nothing here and takes no lock (but where hooks run without a daemon). kExitUsage: no such job,
// worker or target. kExitFailed: the target failed somewhere, or the job runs nowhere. A batch that failed is
// the last one of `run`; `status` asks all.
int run_job_status(const Context& context, const JobTargetOptions& options);
int run_job_run(const Context& context, const JobTargetOptions& options);

// A word that make takes for a target and for nothing else: [A-Za-z0-9][A-Za-z0-9_.-]*
bool is_target_name(const std::string& text);

}  // namespace maand
