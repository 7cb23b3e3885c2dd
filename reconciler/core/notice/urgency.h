// How much a notice matters to whoever is told.
#pragma once

#include <string_view>

namespace maand {

enum class Urgency { kInfo, kWarning, kError };
const char* to_string(Urgency urgency);       // "info", "warning", "error"
Urgency urgency_from(std::string_view word);  // kError for an unknown word: rather told too loudly

}  // namespace maand
