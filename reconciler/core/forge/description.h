// The line that stands beside a commit's state at the git host.
#pragma once

#include <string>

#include "reconciler/core/ports.h"
#include "reconciler/core/status.h"

namespace maand {

// Of a commit whose pass is on record. `now` is the status of the same commit where it is
// known, and says more: which job is held and why, what was refused. Says what a note says
// (R4.3), never output of a target.
std::string describe_state(const PassRecord& record, const PassStatus* now, const CommitId& head);

}  // namespace maand
