// Can hooks be run in their sandbox here? Asked before the first one has to be.
#pragma once

#include <string>

#include "executor/hook_options.h"

namespace maand {

// Runs a program that does nothing as a hook would be run, sandbox and user included; seconds at most.
// One printable line with what is wrong and what to do; empty: it works, or there is none to try.
// Never throws.
std::string sandbox_problem(const HookOptions& options) noexcept;

}  // namespace maand
