// maand(1) and maand.conf(5), in mdoc(7).
#pragma once

#include <string>

#include "reconciler/cli/command_tree.h"

namespace maand {

// `statuses`: what the exit statuses mean, a sentence of prose.
std::string manual_of_commands(const Command& tree, const std::string& version);

// Of the keys that there are (app/config_keys.h), described by schemas/conf.json.
std::string manual_of_configuration(const std::string& version);

// Prose as lines of mdoc: a line for each sentence, nothing taken for a macro.
std::string mdoc_text(const std::string& prose);
// A word as the argument of a macro.
std::string mdoc_word(const std::string& word);

}  // namespace maand
