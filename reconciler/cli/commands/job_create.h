// `maand job create NAME --selectors a,b`: a job that loads and does nothing
// yet, to be filled in.
#pragma once

#include <string>
#include <vector>

#include "reconciler/cli/context.h"

namespace maand {

struct JobCreateOptions {
  std::string name;
  std::vector<std::string> selectors;  // labels; a worker needs all of them
};

// Writes jobs/NAME into the workspace of the current checkout. kExitUsage for a
// bad name, an existing directory, or when there is no workspace around.
int run_job_create(const Context& context, const JobCreateOptions& options);

}  // namespace maand
