// The bucket's CA among the files of a job that has no certificates of its own (workspace.md 8.1).
#pragma once

#include "reconciler/core/model.h"
#include "reconciler/core/rendering.h"
#include "reconciler/core/variables.h"

namespace maand {

// What every allocation of the job has as long as nothing is rendered for it.
AllocationContent plain_content(const Job& job, const VariableSources& sources);

// A CA of which it is not sure that it is the bucket's rolls nothing out. What has another reason to ships
// the one that is there: to a job without certificates none would be worse.
void compare_without_authority(const Job& job, const VariableSources& sources, AllocationContent& content);

}  // namespace maand
