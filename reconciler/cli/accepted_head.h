// What the daemon converges to: the newest commit, or the last one that was applied when the
// newest is refused.
#pragma once

#include <string>

#include "reconciler/cli/judged_head.h"

namespace maand {

// `.desired` is there. Throws CommandError: kExitHeld when the newest commit is refused and none
// was applied yet. `doing`: what a warning says is done with the older one ("checking").
JudgedHead accepted_head(const Bucket& bucket, const std::string& doing);

}  // namespace maand
