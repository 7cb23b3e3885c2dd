// The verbs and options that there are, as data: what completion, manual page and `maand help`
// are made of. It is read off the command line itself, so that there is no second list.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace maand {

// What the shell offers where a value stands.
enum class Offer { kNothing, kChoices, kDirectories, kJobs, kWorkers, kAllocations, kJobsOrAllocations };
const char* to_string(Offer offer);  // as the scripts call it: "jobs", …

struct CommandOption {
  std::vector<std::string> names;  // `--jobs`, `-v`; of a positional one: `JOB@WORKER`
  std::string about;
  bool positional = false;
  bool takes_value = false;
  bool required = false;
  bool many = false;      // positional: more than one
  std::string otherwise;  // the default; empty: none
  std::vector<std::string> choices;
  Offer offer = Offer::kNothing;
};

struct Command {
  std::string name;
  std::string about;
  std::vector<CommandOption> options;  // positional ones in their order
  std::vector<Command> subcommands;    // in the order of --help

  const Command* find(std::string_view subcommand) const;  // nullptr: there is none
  std::vector<const CommandOption*> positionals() const;
  std::vector<const CommandOption*> flags() const;  // those that are not positional
  // `maand cat [OPTIONS] …` without the name: ` [--jobs VALUE] JOB`.
  std::string synopsis() const;
};

// How `option` is written: `-v, --verbose`, `--jobs VALUE`.
std::string written(const CommandOption& option);

// Of the word in the place of a value, `JOB` or `--jobs`.
Offer offer_for(const std::string& name, bool has_choices);

// Without what is hidden (of no group). In command_tree_cli11.cc, with the binary.
Command command_tree(const CLI::App& app);

}  // namespace maand
