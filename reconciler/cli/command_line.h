// Which verbs and options there are. What a verb does is in commands/<verb>.cc.
#pragma once

#include <functional>

#include "reconciler/cli/context.h"

namespace CLI {
class App;
}

namespace maand {

inline constexpr const char* kExitStatuses =
    "Exit status: 0 done, 1 failed or degraded, 2 usage or configuration, 3 changes pending,\n"
    "4 refused, held or waiting by a policy, 5 no daemon or bucket busy.";

// What was asked for; its result is the exit status. Throws CommandError.
using Run = std::function<int(const Context&)>;

// Adds every verb; parsing then sets `run`, which has to outlive `app`.
void add_verbs(CLI::App& app, Run& run);

}  // namespace maand
