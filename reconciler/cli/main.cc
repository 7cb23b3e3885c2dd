// What is done with the command line as a whole: global options, errors, the exit status.
#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>

#include "executor/hook_supervisor.h"
#include "gitsource/git_transport.h"
#include "reconciler/cli/command_line.h"
#include "reconciler/cli/commands/preview_judge.h"
#include "reconciler/cli/context.h"
#include "reconciler/cli/preview_request.h"
#include "reconciler/cli/terminal.h"
#include "reconciler/cli/verbs.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

// The child that speaks with a git remote (gitsource/README.md). Not in --help:
// only we call it.
constexpr std::string_view kGitTransport = "git-transport";
// Between the daemon and one hook (executor/README.md); for us alone as well.
constexpr std::string_view kHookSupervisor = "hook-supervisor";

constexpr std::size_t kMostLines = 1000;
constexpr std::size_t kMostLineBytes = 4096;

constexpr const char* kAbout =
    "maand makes plain Linux machines run what a git branch says.\n\n"
    "A bucket is a directory with maand.conf, secrets/ and data/: one project, one repository,\n"
    "its workers. `maand init` makes one, `maand serve` is its daemon, and most other commands\n"
    "look at it. Push a commit; the daemon rolls it out and tells the outcome as a git note.";

void add_global_options(CLI::App& app, Context& context, bool& no_color) {
  app.add_option("--bucket", context.bucket,
                 "The bucket's directory (default: MAAND_BUCKET, else the nearest parent with a maand.conf)");
  app.add_flag("--json", context.json, "Print JSON");
  app.add_option("--log-level", context.log_level, "trace, debug, info, warn, error or off")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
  app.add_option("--log-format", context.log_format, "text or json (default: log_format of maand.conf)")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_flag("--no-color", no_color, "No colours, also on a terminal");
}

// The first word that is neither a global option nor its value. Looked at before
// parsing, so that a mistyped verb is answered as one.
std::string first_word(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--bucket" || word == "--log-level" || word == "--log-format") {
      ++i;
    } else if (word.empty() || word[0] != '-') {
      return std::string(word);
    }
  }
  return "";
}

// Names in an error may come from anywhere, also from the other end of a connection: none of them steers a
// terminal or fills it.
void complain(std::string_view message) {
  std::string text = "maand: ";
  for (std::size_t lines = 0; lines < kMostLines; ++lines) {
    const std::size_t end = message.find('\n');
    text += printable(message.substr(0, end), kMostLineBytes) + "\n";
    if (end == std::string_view::npos) break;
    message.remove_prefix(end + 1);
  }
  std::cerr << text;
}

int usage_error(const std::string& message) {
  complain(message);
  return kExitUsage;
}

// `suspend "$JOB"` with JOB unset must not mean all of them, nor `plan --workspace "$DIR"` the head: what is
// given is something. Lists say so themselves, by what they list; the empty path is the root of a repository.
void refuse_empty(CLI::App& app) {
  const CLI::Validator given([](const std::string& value) { return value.empty() ? "it is empty" : ""; }, "");
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_max() == 1 && option->get_name() != "--path") option->check(given);
  }
  for (CLI::App* one : app.get_subcommands({})) refuse_empty(*one);
}

int run_command_line(int argc, char** argv) {
  Context context;
  Run run;
  bool no_color = false;
  CLI::App app(kAbout, "maand");
  app.fallthrough();  // global options are understood after the verb as well
  app.require_subcommand(1);
  app.footer(std::string(kExitStatuses) + "\n`maand help COMMAND` tells more.");
  add_global_options(app, context, no_color);
  add_verbs(app, run);
  refuse_empty(app);

  if (argc == 1) {
    std::cerr << app.help();
    return kExitUsage;
  }
  const std::string word = first_word(argc, argv);
  if (const std::string answer = word.empty() ? "" : unknown_verb(word, verbs_of(app)); !answer.empty())
    return usage_error(answer);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    app.exit(help, std::cout, std::cerr);
    return kExitDone;
  } catch (const CLI::ParseError& error) {
    return usage_error(std::string(error.what()) + "\n`maand " + (word.empty() ? "" : word + " ") +
                       "--help` tells what is accepted");
  }
  context.color = !no_color && stdout_takes_color();
  context.live = stdout_is_terminal();
  return run(context);
}

// Whoever writes what we print to a full disk is told; a reader that has had enough needs no word.
int printed(int status) {
  std::cout.flush();
  if (std::cout || reader_leaves_within(std::chrono::milliseconds(0))) return status;
  std::cerr << "maand: what was printed could not all be written\n";
  return status == kExitDone ? kExitFailed : status;
}

}  // namespace
}  // namespace maand

int main(int argc, char** argv) {
  using namespace maand;
  if (argc > 1 && argv[1] == kGitTransport) return git_transport_main(argc, argv);
  if (argc > 1 && argv[1] == kHookSupervisor) return hook_supervisor_main();
  if (argc > 1 && argv[1] == std::string_view(kPreviewJudgeVerb)) return preview_judge_main();
  // A reader that goes away (`maand history | head`) is a write error, not a signal.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return printed(run_command_line(argc, argv));
  } catch (const CommandError& error) {
    std::cout.flush();
    complain(error.what());
    return error.status();
  } catch (const std::exception& error) {
    std::cout.flush();
    complain(error.what());
    return kExitFailed;
  }
}
