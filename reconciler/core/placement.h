// Which worker gets which job, and why not (workspace.md 3.1): a worker matches
// when every selector of the job is one of its labels.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reconciler/core/model.h"

namespace maand {

// For each job the indices of its workers in `workers`, ascending, and so in the
// order of `workers`. Cost: workers × labels + jobs × (selectors × workers / 64
// + matches). Refers to nothing afterwards.
std::vector<std::vector<std::uint32_t>> place(const std::vector<Worker>& workers,
                                              const std::vector<const Job*>& jobs);

// The same for one pair.
bool matches(const Job& job, const Worker& worker);

// `api is not placed on 10.0.0.1: the worker lacks the label "ssd"`
std::string explain_placement(const Job& job, const Worker& worker);

}  // namespace maand
