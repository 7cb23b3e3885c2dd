// fish: a line for every verb and option, and a function that tells where we are.
#include "reconciler/cli/completion_script.h"

namespace maand {
namespace {

std::string fish_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "'";
}

// What follows `complete`: where its candidates come from.
std::string candidates(const CommandOption& option) {
  switch (option.offer) {
    case Offer::kChoices: {
      std::string words;
      for (const std::string& one : option.choices) words += (words.empty() ? "" : " ") + one;
      return " -a " + fish_quoted(words);
    }
    case Offer::kDirectories:
      return " -a '(__fish_complete_directories (commandline -ct))'";
    case Offer::kNothing:
      return "";
    default:
      return std::string(" -a '(__maand_names ") + to_string(option.offer) + ")'";
  }
}

bool is_list(const std::string& name) {
  return name == "--jobs" || name == "--workers" || name == "--allocations";
}

std::string option_line(const CommandPlace& place, const CommandOption& option) {
  std::string out = "complete -c maand";
  if (!place.path.empty()) out += " -n " + fish_quoted("__maand_is " + place.path);
  for (const std::string& name : option.names)
    out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (option.takes_value) {
    out += " -x";
    out += option.offer >= Offer::kJobs && is_list(option.names.back())
               ? std::string(" -a '(__fish_append , (__maand_names ") + to_string(option.offer) + "))'"
               : candidates(option);
  }
  return out + " -d " + fish_quoted(option.about) + "\n";
}

constexpr const char* kFish = R"fish(
# Where on the command line we are, and how many arguments are there: __maand_path sets
# __maand_words and __maand_taken.
function __maand_path
    set -g __maand_words
    set -g __maand_taken 0
    set -g __maand_bucket
    set -l waits
    for word in (commandline -opc)[2..-1]
        if set -q waits[1]
            test "$waits" = --bucket; and set __maand_bucket $word
            set -e waits
        else if string match -q -- '--bucket=*' $word
            set __maand_bucket (string replace -- --bucket= '' $word)
        else if contains -- $word $__maand_valued
            set waits $word
        else if string match -q -- '-*' $word
            continue
        else if contains -- (string join ' ' $__maand_words $word) $__maand_commands
            set -a __maand_words $word
        else
            set __maand_taken (math $__maand_taken + 1)
        end
    end
end

# __maand_is WORDS…: the command of these words is being written.
function __maand_is
    __maand_path
    test "$__maand_words" = "$argv"
end

# __maand_at N WORDS…: its argument number N comes next.
function __maand_at
    __maand_path
    test "$__maand_words" = "$argv[2..-1]" -a $__maand_taken = $argv[1]
end

# Names that only the bucket knows.
function __maand_names
    __maand_path
    if set -q __maand_bucket[1]
        command maand --bucket $__maand_bucket names $argv 2>/dev/null
    else
        command maand names $argv 2>/dev/null
    end
end

complete -c maand -f
)fish";

}  // namespace

std::string fish_completion(const Command& tree) {
  std::string out = "# fish completion of maand; made by `maand completion fish`.\n";
  std::string commands, valued, lines;
  for (const CommandPlace& place : places_of(tree)) {
    if (!place.path.empty()) commands += " " + fish_quoted(place.path);
    for (const CommandOption* option : place.command->flags()) {
      lines += option_line(place, *option);
      if (!option->takes_value) continue;
      for (const std::string& name : option->names) {
        if (valued.find(" " + name + " ") == std::string::npos) valued += " " + name + " ";
      }
    }
    for (const Command& one : place.command->subcommands) {
      lines += "complete -c maand -n " + fish_quoted("__maand_is " + place.path) + " -a " +
               fish_quoted(one.name) + " -d " + fish_quoted(one.about) + "\n";
    }
    const auto arguments = place.command->positionals();
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (arguments[i]->offer == Offer::kNothing) continue;
      lines += "complete -c maand -n " + fish_quoted("__maand_at " + std::to_string(i) + " " + place.path) +
               candidates(*arguments[i]) + "\n";
    }
  }
  return out + "set -g __maand_commands" + commands + "\nset -g __maand_valued" + valued + "\n" + kFish +
         "\n" + lines;
}

}  // namespace maand
