// Text as other languages write it, whatever is in it.
#pragma once

#include <string>
#include <string_view>

namespace maand {

// One word for a POSIX shell: '…'. REQUIRES: no NUL.
std::string shell_quoted(std::string_view text);

// A basic string of TOML: "…", control characters as \uXXXX. REQUIRES: UTF-8.
std::string toml_quoted(std::string_view text);

}  // namespace maand
