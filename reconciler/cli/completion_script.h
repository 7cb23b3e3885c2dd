// Scripts that make a shell complete the command line of `maand`.
//
// Verbs, options and choices stand in the script. Names of jobs and workers are asked
// for when Tab is pressed: the script calls `maand names KIND`, which looks at the
// bucket and stays silent where there is none.
#pragma once

#include <string>
#include <vector>

#include "reconciler/cli/command_tree.h"

namespace maand {

std::string bash_completion(const Command& tree);
std::string zsh_completion(const Command& tree);
std::string fish_completion(const Command& tree);

// What the three have in common: every command with the words that lead to it.
struct CommandPlace {
  std::string path;  // `cat jobs`; empty: maand itself
  const Command* command;
};
// A command before its subcommands. Refers to `tree`.
std::vector<CommandPlace> places_of(const Command& tree);

}  // namespace maand
