// `maand why JOB[@WORKER]`: the decision, its reason, and what it waits for.
#pragma once

#include <string>

#include "reconciler/cli/context.h"

namespace maand {

struct WhyOptions {
  std::string subject;  // job, or job@worker
};

// Judges the newest commit the bucket has judged (or the branch, before the
// first one) as `maand plan` does, and adds what the daemon knows, when one
// runs. kExitDone when the question was answered, whatever the answer is.
int run_why(const Context& context, const WhyOptions& options);

}  // namespace maand
