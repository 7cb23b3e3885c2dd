// Text made safe for HTML.
#pragma once

#include <string>
#include <string_view>

namespace maand {

// `&`, `<`, `>` and quotes as entities, NUL as U+FFFD: what Go's html writes.
std::string html_text(std::string_view text);

}  // namespace maand
