// The command that has a worker's /bin/sh take a program from stdin and run it.
#pragma once

#include <string>
#include <string_view>

namespace maand {

// For the exec request; the first bytes of stdin have to be `script`, which is ASCII with one
// final newline. The login's shell reads nothing but this, so that any will do. What comes
// behind the script is the script's own to read.
inline std::string fed_command(std::string_view script, bool use_sudo) {
  const std::string size = std::to_string(script.size());
  const std::string length = std::to_string(script.size() - 1);  // $(…) drops the last newline
  return std::string("exec ") + (use_sudo ? "sudo -n " : "") + "/bin/sh -c 'SELF=$(dd bs=" + size +
         " count=1 iflag=fullblock 2>/dev/null); [ ${#SELF} = " + length +
         " ] && eval \"$SELF\"; echo maand1 cut' maand /bin/sh front";
}

}  // namespace maand
