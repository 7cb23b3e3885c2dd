// `maand job start|stop|restart JOB`: an operator's hand on what runs, through the daemon, or with
// the bucket in our own hands while none runs. Shows what the targets print, as they print it.
#pragma once

#include <string>
#include <vector>

#include "reconciler/cli/context.h"

namespace maand {

struct JobOrderOptions {
  std::string job;
  std::vector<std::string> allocations;  // workers; empty: all of the job
  bool health_check = false;
  std::string reason;  // of a stop; may be empty
  std::string span;    // of a stop, as in core/duration.h; empty: until it is started
};

// kExitDone: every allocation that was chosen is as was asked. kExitFailed: some are not; the message names
// them. kExitUsage: no such job or worker. kExitHeld: refused, or availability lets nothing more go.
// kExitNoDaemon: another order of the job is not over, or another process holds the bucket.
int run_job_start(const Context& context, const JobOrderOptions& options);
int run_job_stop(const Context& context, const JobOrderOptions& options);
int run_job_restart(const Context& context, const JobOrderOptions& options);

}  // namespace maand
