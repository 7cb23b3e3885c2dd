// Which program runs a hook, with which arguments and in which environment (workspace.md 10.1, 10.2).
#pragma once

#include <string>
#include <vector>

#include "executor/hook_directory.h"
#include "executor/hook_options.h"
#include "executor/hook_order.h"
#include "reconciler/core/hook.h"

namespace maand {

// How the hook finds the runtime API and shows who it is.
struct HookAccess {
  int port = 0;
  std::string token;
};

// argv, environment and working directory. Throws HookProblem, which names what is to be installed.
HookOrder hook_program(const HookCall& call, const HookDirectory& directory, const HookOptions& options,
                       const HookAccess& access);

// Whom hooks run as: nullopt: as the daemon. Throws HookProblem.
std::optional<HookOrder::Identity> hook_identity(const HookOptions& options);

}  // namespace maand
