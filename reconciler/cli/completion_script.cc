#include "reconciler/cli/completion_script.h"

#include "reconciler/core/quoted_text.h"

namespace maand {
namespace {

void add_places(const Command& command, const std::string& path, std::vector<CommandPlace>& out) {
  out.push_back({path, &command});
  for (const Command& one : command.subcommands)
    add_places(one, path.empty() ? one.name : path + " " + one.name, out);
}

std::string words(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& word : list) out += (out.empty() ? "" : " ") + word;
  return out;
}

// What stands in the place of a value: `jobs`, or `choices text github`.
std::string offered(const CommandOption& option) {
  std::string out = to_string(option.offer);
  return option.choices.empty() ? out : out + " " + words(option.choices);
}

// A case of bash for each command: what may follow.
std::string bash_case(const CommandPlace& place, const Command& root) {
  std::vector<std::string> names, flags, values;
  std::string offers;
  for (const Command& one : place.command->subcommands) names.push_back(one.name);
  const auto add = [&](const Command& from) {
    for (const CommandOption* option : from.flags()) {
      for (const std::string& name : option->names) {
        flags.push_back(name);
        if (!option->takes_value) continue;
        values.push_back(name);
        offers += "      " + name + ") offer=" + shell_quoted(offered(*option)) + " ;;\n";
      }
    }
  };
  add(*place.command);
  if (!place.path.empty()) {
    Command global = root;  // --help is every command's own
    std::erase_if(global.options, [](const CommandOption& one) { return one.names.back() == "--help"; });
    add(global);
  }
  std::string out = "    " + shell_quoted(place.path) + ")\n";
  out += "      commands=" + shell_quoted(words(names)) + "\n";
  out += "      options=" + shell_quoted(words(flags)) + "\n";
  out += "      valued=" + shell_quoted(" " + words(values) + " ") + "\n";
  if (!offers.empty()) out += "      case $previous in\n" + offers + "      esac\n";
  std::string arguments;
  for (const CommandOption* option : place.command->positionals())
    arguments += " " + shell_quoted(offered(*option));
  return out + "      arguments=(" + (arguments.empty() ? "" : arguments.substr(1)) + ")\n      ;;\n";
}

// The part that bash and zsh share: where on the command line we are. `line` has the
// words before the one that is completed, without `maand`.
constexpr const char* kWalk = R"bash(
# Looks up what may follow `path`: commands, options, valued, arguments, and in
# `offer` what the value of the option `previous` may be.
_maand_look() {
  commands='' options='' valued='' offer='' arguments=()
  case $path in
@CASES@  esac
}

# Reads the words of `line`: path, taken (arguments so far), previous (an option that
# waits for its value) and bucket.
_maand_walk() {
  local word
  path='' previous='' bucket='' taken=0
  _maand_look
  for word in "${line[@]}"; do
    if [[ -n $previous ]]; then
      [[ $previous == --bucket ]] && bucket=$word
      previous=''
    elif [[ $word == --bucket=* ]]; then
      bucket=${word#--bucket=}
    elif [[ $word == -* ]]; then
      [[ $valued == *" $word "* ]] && previous=$word
    elif [[ " $commands " == *" $word "* ]]; then
      path=${path:+$path }$word
      _maand_look
    else
      taken=$((taken + 1))
    fi
  done
  _maand_look
}

# Names that only the bucket knows, one a line.
_maand_names() {
  if [[ -n $bucket ]]; then
    command maand --bucket "$bucket" names "$1" 2>/dev/null
  else
    command maand names "$1" 2>/dev/null
  fi
}
)bash";

constexpr const char* kBash = R"bash(
_maand() {
  local path previous bucket taken commands options valued offer IFS=$' \t\n'
  local -a line arguments found
  # Not COMP_WORDS: bash splits words at `@` and `:`, which are in our names.
  read -r -a line <<<"${COMP_LINE:0:COMP_POINT}"
  local current=''
  if [[ ${COMP_LINE:0:COMP_POINT} != *[[:space:]] ]]; then
    current=${line[${#line[@]} - 1]}
    unset "line[${#line[@]} - 1]"
  fi
  line=("${line[@]:1}")
  _maand_walk
  local prefix=''
  if [[ -z $previous && $current == --*=* ]]; then
    previous=${current%%=*} prefix=${current%%=*}=
    _maand_look
  elif [[ -z $previous && $current == -* ]]; then
    offer="choices $options"
  elif [[ -z $previous && -n $commands ]]; then
    offer="choices $commands"
  elif [[ -z $previous ]]; then
    offer=${arguments[$taken]:-nothing}
  fi
  local value=${current#"$prefix"}
  # A list `a,b` is completed at its last name.
  case $previous in
    --jobs | --workers | --allocations)
      if [[ $value == *,* ]]; then
        prefix+=${value%,*}, value=${value##*,}
      fi
      ;;
  esac
  case $offer in
    choices*) mapfile -t found < <(compgen -W "${offer#choices }" -- "$value") ;;
    directories) mapfile -t found < <(compgen -d -- "$value") ;;
    jobs | workers | allocations | both)
      mapfile -t found < <(_maand_names "$offer" | while IFS= read -r name; do
        [[ $name == "$value"* ]] && printf '%s\n' "$name"
      done)
      ;;
  esac
  COMPREPLY=("${found[@]/#/$prefix}")
  # readline replaces only what follows the last of its word breaks.
  local breaks=${COMP_WORDBREAKS//[^@:=]/}
  if [[ -n $breaks && $current == *[$breaks]* ]]; then
    COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*[$breaks]}"}"}")
  fi
  if [[ $offer == directories ]]; then compopt -o filenames 2>/dev/null; fi
}
complete -F _maand maand
)bash";

}  // namespace

std::vector<CommandPlace> places_of(const Command& tree) {
  std::vector<CommandPlace> out;
  add_places(tree, "", out);
  return out;
}

std::string bash_completion(const Command& tree) {
  std::string cases;
  for (const CommandPlace& place : places_of(tree)) cases += bash_case(place, tree);
  std::string walk = kWalk;
  const std::string mark = "@CASES@";
  walk.replace(walk.find(mark), mark.size(), cases);
  return "# bash completion of maand; made by `maand completion bash`.\n"
         "# shellcheck shell=bash disable=SC2034\n" +
         walk + kBash;
}

}  // namespace maand
