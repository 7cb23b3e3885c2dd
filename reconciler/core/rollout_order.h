// A custom `rollout_order` (list of differences): it orders whichever allocations a plan acts
// on; those it does not name follow in the order they had. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/job_plan.h"

namespace maand {

// The workers that a value names, by address or host: parts trimmed, blanks and repetitions dropped.
std::vector<std::string> rollout_order_from(std::string_view value);

// Starts, upgrades and active allocations. True: it named one of them.
bool put_in_order(JobPlan& plan, const std::vector<std::string>& order);

}  // namespace maand
