// What operators let pass with `maand release`, kept in the store (R1.4, R2.5, R5.1).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/admission.h"
#include "reconciler/core/plan.h"
#include "reconciler/core/ports.h"

namespace maand {

// The commit that was released as a whole, last; empty: none was.
CommitId released_commit(Store& store);
void release_commit(Store& store, const CommitId& commit);

// R1.5. nullopt: none. Throws StoreError for a text that was not written here.
std::optional<UnsignedRelease> unsigned_release(Store& store);
void release_unsigned(Store& store, const UnsignedRelease& release);

// Stops that were released hold for later heads whose stops are a subset (R5.1).
void release_removals(Store& store, const std::vector<AllocationKey>& stops);
// What has stopped has used its release up.
void forget_used_releases(Store& store, const AppliedState& applied);

// Puts what is released into the settings a plan is made with.
void apply_releases(Store& store, const CommitId& head, PlanSettings& settings);

}  // namespace maand
