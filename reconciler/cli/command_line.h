// Which verbs and options there are. What a verb does is in commands/<verb>.cc.
#pragma once

#include <functional>
#include <string>
#include <vector>

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

// A part of them, in paper_verbs.cc: what tells about the command line itself.
void add_paper_verbs(CLI::App& app, Run& run);

// Names of the verbs that were added, hidden ones as well.
std::vector<std::string> verbs_of(const CLI::App& app);

}  // namespace maand
