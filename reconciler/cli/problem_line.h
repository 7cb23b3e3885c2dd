// On which line of its file a problem stands.
#pragma once

#include <string_view>

namespace maand {

// Of the member that a Diagnostic's `field` names (`resources.ports.http`, `[2].host`), from 1;
// of what is around it where it is missing. The last of duplicate keys, as the parser takes it.
// 0: the text is no JSON up to there.
int line_of_field(std::string_view json, std::string_view field);

// Of a message that begins with `line 3, column 7`: 3. 0: it does not.
int line_in_message(std::string_view message);

}  // namespace maand
