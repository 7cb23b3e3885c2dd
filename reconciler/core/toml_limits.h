// What a TOML file must stay below to be parsed at all.
#pragma once

#include <string_view>

#include "reconciler/core/diagnostics.h"

namespace maand {

// toml++ destroys nested tables by recursion, and every `.` of a key may open one, so a file
// with too many of such characters is refused unread. False: an error has been told.
bool is_shallow_toml(std::string_view text, const Site& site);

}  // namespace maand
