// Verbs about the command line itself: help, completion, manual; and the schemas.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "reconciler/cli/command_line.h"
#include "reconciler/cli/command_tree.h"
#include "reconciler/cli/commands/papers.h"
#include "reconciler/cli/completion_script.h"
#include "reconciler/cli/manual_page.h"
#include "reconciler/cli/verbs.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

const CLI::App* find(const CLI::App& parent, const std::string& name) {
  for (const CLI::App* one : parent.get_subcommands([](const CLI::App*) { return true; })) {
    if (one->get_name() == name) return one;
  }
  return nullptr;
}

int print_help(const CLI::App& root, const std::vector<std::string>& words) {
  const CLI::App* app = &root;
  std::string path;
  for (const std::string& word : words) {
    const CLI::App* next = find(*app, word);
    if (!next && app == &root) throw CommandError(kExitUsage, unknown_verb(word, verbs_of(root)));
    if (!next) {
      throw CommandError(kExitUsage, "`" + path + "` has no command " + quote(word) + "; `maand help" +
                                         path.substr(path.find(' ')) + "` lists what it has");
    }
    path = (path.empty() ? app->get_name() : path) + " " + word;
    app = next;
  }
  // Not help() of the app: once something is parsed that is the help of what was parsed.
  std::cout << app->get_formatter()->make_help(app, path.empty() ? root.get_name() : path,
                                               CLI::AppFormatMode::Normal);
  return kExitDone;
}

}  // namespace

std::vector<std::string> verbs_of(const CLI::App& app) {
  std::vector<std::string> out;
  for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; }))
    out.push_back(one->get_name());
  return out;
}

void add_paper_verbs(CLI::App& app, Run& run) {
  const auto words = std::make_shared<std::vector<std::string>>();
  add_verb(app, run, "help", "Tell about a command and its options", [&app, words](const Context&) {
    return print_help(app, *words);
  }).add_option("COMMAND", *words, "The command, like `cat jobs` (default: all of them, in short)");

  const auto schema = std::make_shared<SchemaOptions>();
  add_verb(app, run, "schema", "Print the JSON Schema of a file that people write, for editors",
           [schema](const Context& context) { return run_schema(context, *schema); })
      .add_option("FILE", schema->document, "manifest (.json of a job), workers (.json) or conf (maand.conf)")
      ->check(CLI::IsMember({"manifest", "workers", "conf"}))
      ->required();

  const auto shell = std::make_shared<std::string>();
  add_verb(app, run, "completion", "Print a script that makes a shell complete this command line",
           [&app, shell](const Context&) {
             const Command tree = command_tree(app);
             std::cout << (*shell == "bash"  ? bash_completion(tree)
                           : *shell == "zsh" ? zsh_completion(tree)
                                             : fish_completion(tree));
             return kExitDone;
           })
      .add_option("SHELL", *shell, "For which: bash, zsh or fish")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->required();

  const auto page = std::make_shared<std::string>();
  add_verb(app, run, "man", "Print a manual page, for `man -l -`",
           [&app, page](const Context&) {
             std::cout << (*page == "maand" ? manual_of_commands(command_tree(app), MAAND_VERSION)
                                            : manual_of_configuration(MAAND_VERSION));
             return kExitDone;
           })
      .add_option("PAGE", *page, "maand, or maand.conf")
      ->check(CLI::IsMember({"maand", "maand.conf"}))
      ->required();

  const auto names = std::make_shared<NamesOptions>();
  add_verb(app, run, "names", "Print names of the bucket, one a line, for completion",
           [names](const Context& context) { return run_names(context, *names); })
      .group("")  // not in --help: scripts call it
      ->add_option("KIND", names->kind, "Which")
      ->check(CLI::IsMember({"jobs", "workers", "allocations", "both"}))
      ->required();
}

}  // namespace maand
