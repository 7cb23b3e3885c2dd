// The health_check commands of jobs, asked once or until they are content: what
// `maand health_check` does after the probes.
#pragma once

#include <vector>

#include "reconciler/cli/bucket.h"
#include "reconciler/cli/health_round.h"

namespace maand {

// Of those `jobs` that have some and whose probes did not fail; a job that has nothing else has
// passed with them. Through the daemon, or with the bucket in our own hands while none runs.
// Throws CommandError where they cannot be asked at all.
void ask_health_hooks(const Context& context, const Bucket& bucket, const DesiredState& desired, bool wait,
                      std::vector<CheckedJob>& jobs);

}  // namespace maand
