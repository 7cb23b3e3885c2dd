// Verbs and options of what is done on workers outside of every rollout.
#pragma once

#include "reconciler/cli/command_line.h"

namespace maand {

// `status` and `run`, below `maand job`.
void add_job_target_verbs(CLI::App& job, Run& run);
// `run_command`, `job_command`, `doctor`, `collect facts`, `worker_facts`, `gc`.
void add_errand_verbs(CLI::App& app, Run& run);

}  // namespace maand
