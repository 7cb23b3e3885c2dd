// `maand retry JOB` and `maand release COMMIT|JOB`: an operator's word, through
// the daemon, or into the store while no daemon runs.
#pragma once

#include <string>

#include "reconciler/cli/context.h"

namespace maand {

struct RetryOptions {
  std::string job;
};
struct ReleaseOptions {
  std::string subject;  // a job, or the head's commit id
};

// kExitUsage: there is no such job or commit. kExitHeld: refused. kExitNoDaemon:
// no daemon answers and another process holds the bucket.
int run_retry(const Context& context, const RetryOptions& options);
int run_release(const Context& context, const ReleaseOptions& options);

}  // namespace maand
