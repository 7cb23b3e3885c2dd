// Which commands of a job run at an event, and which events make it a job with hooks.
#pragma once

#include <vector>

#include "reconciler/core/hook.h"
#include "reconciler/core/job_hooks.h"
#include "reconciler/core/model.h"

namespace maand {

// In the order of their names, which is the order they run in. Pointers into `commands`.
std::vector<const JobCommand*> commands_of(const std::vector<JobCommand>& commands, HookEvent event);
bool has_hooks(const std::vector<JobCommand>& commands, HookEvent event);
// For any event but `cli`: what runs without anybody asking for it.
bool has_hooks(const std::vector<JobCommand>& commands);
JobHooks job_hooks(const std::vector<JobCommand>& commands);

// `command_seed (post_build), command_unseal (post_deploy)`: those that has_hooks() counts.
std::string told_hooks(const std::vector<JobCommand>& commands);

}  // namespace maand
