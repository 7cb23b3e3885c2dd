// What operators let pass with `maand release`, kept in the store (R1.4, R2.5, R5.1).
#pragma once

#include <string>
#include <vector>

#include "reconciler/core/plan.h"
#include "reconciler/core/ports.h"

namespace maand {

// `commit` was released as a whole.
bool is_released(Store& store, const CommitId& commit);
void release_commit(Store& store, const CommitId& commit);

// Stops that were released hold for later heads whose stops are a subset (R5.1).
void release_removals(Store& store, const std::vector<AllocationKey>& stops);

// Puts what is released into the settings a plan is made with.
void apply_releases(Store& store, const CommitId& head, PlanSettings& settings);

}  // namespace maand
