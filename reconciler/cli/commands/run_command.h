// `maand run_command [CMD]`: a shell script of the moment on workers (workspace.md 11.2).
#pragma once

#include <string>
#include <vector>

#include "reconciler/cli/context.h"

namespace maand {

struct RunCommandOptions {
  std::string command;               // "-": stdin; empty: workspace/command.sh of the newest commit
  std::vector<std::string> workers;  // --workers a,b
  std::vector<std::string> labels;   // --labels a,b: that have one of these
  int concurrency = 1;               // workers at once
  bool keep_going = false;           // also after a batch that failed
  bool health_check = false;         // of all jobs, after every batch
  std::string timeout = "5m";        // on each worker; core/duration.h
};

// Beside a daemon or without one; writes nothing here, and takes no lock. kExitDone: it exited
// with 0 everywhere; kExitFailed: it did not, and what is said names each worker.
int run_run_command(const Context& context, const RunCommandOptions& options);

}  // namespace maand
