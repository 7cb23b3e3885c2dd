// zsh: each command is a case with `_arguments`-free lists, described in words.
#include "reconciler/cli/completion_script.h"
#include "reconciler/core/quoted_text.h"

namespace maand {
namespace {

// For _describe: `name:words`, where a colon in the name would end it.
std::string described(const std::string& name, const std::string& about) {
  std::string out;
  for (const char c : name) out += c == ':' ? std::string("\\:") : std::string(1, c);
  return shell_quoted(out + ":" + about);
}

std::string offered(const CommandOption& option) {
  std::string out = to_string(option.offer);
  for (const std::string& one : option.choices) out += " " + one;
  return out;
}

std::string zsh_case(const CommandPlace& place, const Command& root) {
  std::string commands, options, arguments, offers;
  for (const Command& one : place.command->subcommands)
    commands += "\n        " + described(one.name, one.about);
  const auto add = [&](const Command& from, bool help) {
    for (const CommandOption* option : from.flags()) {
      if (option->names.back() == "--help" && !help) continue;
      for (const std::string& name : option->names) {
        options += "\n        " + described(name, option->about);
        if (option->takes_value)
          offers += "        " + name + ") offer=" + shell_quoted(offered(*option)) + " ;;\n";
      }
    }
  };
  add(*place.command, true);
  if (!place.path.empty()) add(root, false);
  for (const CommandOption* option : place.command->positionals())
    arguments += (arguments.empty() ? "" : " ") + shell_quoted(offered(*option));
  std::string out = "    " + shell_quoted(place.path) + ")\n";
  out += "      commands=(" + commands + ")\n";
  out += "      options=(" + options + ")\n";
  out += "      arguments=(" + arguments + ")\n";
  if (!offers.empty()) out += "      case $1 in\n" + offers + "      esac\n";
  return out + "      ;;\n";
}

constexpr const char* kZsh = R"zsh(
_maand() {
  local path_='' waits='' word offer
  local -a commands options arguments names asked
  integer taken=0 at
  _maand_look '' ''
  for (( at = 2; at < CURRENT; ++at )); do
    word=${words[at]}
    if [[ -n $waits ]]; then
      [[ $waits == --bucket ]] && asked=(--bucket ${(Q)word})
      waits=''
    elif [[ $word == --bucket=* ]]; then
      asked=(--bucket ${(Q)word#--bucket=})
    elif [[ $word == -* ]]; then
      _maand_look "$path_" "$word"
      [[ -n $offer ]] && waits=$word
    elif (( ${commands[(I)${word}:*]} )); then
      path_=${path_:+$path_ }$word
      _maand_look "$path_" ''
    else
      (( ++taken ))
    fi
  done
  _maand_look "$path_" "$waits"
  if [[ -z $waits && $PREFIX == --*=* ]]; then
    waits=${PREFIX%%=*}
    _maand_look "$path_" "$waits"
    compset -P '*='
  elif [[ -z $waits && $PREFIX == -* ]]; then
    _describe -o option options
    return
  elif [[ -z $waits ]] && (( $#commands )); then
    _describe command commands
    return
  elif [[ -z $waits ]]; then
    offer=${arguments[taken + 1]:-nothing}
  fi
  case $waits in
    --jobs|--workers|--allocations) compset -P '*,' ;;
  esac
  case $offer in
    choices*) names=(${=offer#choices }); compadd -a names ;;
    directories) _files -/ ;;
    jobs|workers|allocations|both)
      names=("${(@f)$(command maand $asked names $offer 2>/dev/null)}")
      compadd -a names
      ;;
  esac
}

# From a directory of $fpath it is called as a function; else it is sourced.
if [[ ${funcstack[1]} = _maand ]]; then
  _maand "$@"
else
  compdef _maand maand
fi
)zsh";

}  // namespace

std::string zsh_completion(const Command& tree) {
  std::string out =
      "#compdef maand\n# zsh completion of maand; made by `maand completion zsh`.\n\n"
      "# _maand_look PATH OPTION: what may follow, and in `offer` what the option's value may be.\n"
      "_maand_look() {\n  commands=() options=() arguments=() offer=''\n  local path_=$1\n  shift\n"
      "  case $path_ in\n";
  for (const CommandPlace& place : places_of(tree)) out += zsh_case(place, tree);
  return out + "  esac\n}\n" + kZsh;
}

}  // namespace maand
