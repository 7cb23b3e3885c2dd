// `maand job_command NAME [JOB]`: a command of jobs for the event `cli`, on their active
// allocations. Shows what it prints, as it prints it, where one job is meant.
#pragma once

#include <string>

#include "reconciler/cli/context.h"

namespace maand {

struct JobCommandOptions {
  std::string command;
  std::string job;  // empty: every job that has it
  int concurrency = 1;
};

// kExitDone: it succeeded everywhere. kExitFailed: the message says where it did not. kExitUsage: no job
// has such a command. kExitHeld: hooks.enabled is not true, or the workers are another controller's.
int run_job_command(const Context& context, const JobCommandOptions& options);

}  // namespace maand
