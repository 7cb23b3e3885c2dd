// `job@worker`, as people write it.
#pragma once

#include <string>

#include "reconciler/core/ids.h"

namespace maand {

// The worker is empty when only a job was written. Throws CommandError
// (kExitUsage) for what can be no job or no host; so the result is safe in a path.
AllocationKey parse_allocation(const std::string& text);

}  // namespace maand
