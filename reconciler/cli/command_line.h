// Which verbs and options there are. What a verb does is in commands/<verb>.cc.
#pragma once

#include <functional>
#include <memory>
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

// Its parts, each in a file of that name.
void add_catalogue_verbs(CLI::App& app, Run& run);  // `maand cat`: tables of the bucket
void add_paper_verbs(CLI::App& app, Run& run);      // what tells about the command line itself
void add_secret_verbs(CLI::App& app, Run& run);     // secrets of jobs, tokens of the API

// Names of the verbs that were added, hidden ones as well.
std::vector<std::string> verbs_of(const CLI::App& app);
// Adds one below `parent`; when it is the verb that was asked for, `run` becomes `function`.
CLI::App& add_verb(CLI::App& parent, Run& run, const std::string& name, const std::string& about,
                   const Run& function);

// The same for a verb whose options a struct of its own holds.
template <class Options>
CLI::App& verb(CLI::App& parent, Run& run, const std::string& name, const std::string& about,
               int (*function)(const Context&, const Options&), const std::shared_ptr<Options>& options) {
  return add_verb(parent, run, name, about,
                  [function, options](const Context& context) { return function(context, *options); });
}

}  // namespace maand
