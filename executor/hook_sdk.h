// What a hook imports to speak with the runtime API: sdk/maand.py and sdk/maand.ts.
#pragma once

#include <string_view>

namespace maand {

extern const std::string_view kHookPython;
extern const std::string_view kHookTypeScript;

}  // namespace maand
