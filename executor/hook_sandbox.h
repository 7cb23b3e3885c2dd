// hooks.sandbox = "bwrap": what of the control host a hook sees.
#pragma once

#include <string>
#include <vector>

#include "executor/hook_directory.h"

namespace maand {

// The command that runs `argv` with its own processes, the system's programs read-only, its private
// directory, `environment` where it is not empty (read-only), and nothing else of the file system; the
// network stays, since the API is on it. Nothing secret is an argument of it. Throws HookProblem.
std::vector<std::string> in_sandbox(std::vector<std::string> argv, const HookDirectory& directory,
                                    const std::filesystem::path& environment);

}  // namespace maand
