// Which workers an errand is for, as people say it.
#pragma once

#include <string>
#include <vector>

#include "reconciler/core/model.h"

namespace maand {

// All of `workers`; or those `names` names; or those that have one of `labels`. In the order of
// `workers`. Throws CommandError (kExitUsage) for a name or a label that no worker has, naming
// the nearest, and where there is none at all.
std::vector<Worker> choose_workers(const std::vector<Worker>& workers, const std::vector<std::string>& names,
                                   const std::vector<std::string>& labels);

}  // namespace maand
