// What the command line answers to a first word that is no verb.
#pragma once

#include <string>
#include <vector>

namespace maand {

// The sentence for a first word that is none of `verbs`: the verb that replaces
// it, that it is not built yet, or the nearest known one. Empty: `word` is a verb.
std::string unknown_verb(const std::string& word, const std::vector<std::string>& verbs);

}  // namespace maand
