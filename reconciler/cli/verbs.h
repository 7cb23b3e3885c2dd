// Which first words the command line knows, and what it answers to the others.
#pragma once

#include <string>

namespace maand {

// The sentence for a first word that is none of our verbs: the verb that
// replaces it, that it is not built yet, or the nearest known one.
// Empty: `word` is a verb.
std::string unknown_verb(const std::string& word);

}  // namespace maand
