// What hooks of a batch find in their environment beside their identity (workspace.md 9.4, 9.5, 11.1).
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/job_hooks.h"

namespace maand {

using HookEnvironment = std::vector<std::pair<std::string, std::string>>;

// `address_of`: where a worker is connected to, which is what hooks know it by (R3.6).
HookEnvironment hook_environment(const HookRound& round,
                                 const std::function<std::string(const WorkerHost&)>& address_of);

}  // namespace maand
