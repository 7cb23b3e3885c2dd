// CLI11 → Command.
#include <CLI/CLI.hpp>

#include "reconciler/cli/command_tree.h"

namespace maand {
namespace {

// CLI::IsMember writes itself as `TEXT:{text,github}`.
std::vector<std::string> choices_of(const std::string& type) {
  const std::size_t open = type.find('{');
  const std::size_t close = type.rfind('}');
  std::vector<std::string> out;
  if (open == std::string::npos || close == std::string::npos || close < open) return out;
  std::string word;
  for (const char c : type.substr(open + 1, close - open - 1) + ",") {
    if (c != ',') {
      word += c;
    } else {
      out.push_back(word);
      word.clear();
    }
  }
  return out;
}

CommandOption option_of(const CLI::Option& option) {
  CommandOption out;
  out.positional = option.get_positional();
  if (out.positional) {
    out.names = {option.get_name(true)};
  } else {
    for (const std::string& name : option.get_snames()) out.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
  }
  out.about = option.get_description();
  out.takes_value = !out.positional && option.get_items_expected_max() > 0;
  out.required = option.get_required();
  out.many = option.get_items_expected_max() > 1;
  out.otherwise = option.get_default_str();
  out.choices = choices_of(option.get_type_name());
  out.offer = offer_for(out.names.back(), !out.choices.empty());
  return out;
}

}  // namespace

Command command_tree(const CLI::App& app) {
  Command out;
  out.name = app.get_name();
  out.about = app.get_description();
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_group().empty()) out.options.push_back(option_of(*option));
  }
  for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!subcommand->get_group().empty()) out.subcommands.push_back(command_tree(*subcommand));
  }
  return out;
}

}  // namespace maand
