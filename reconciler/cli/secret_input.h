// A secret as a person or a script hands it in: never on the command line.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace maand {

// From `file`, byte by byte; else asked for at a terminal without showing it, twice; else all of stdin
// without the line end that `echo` puts there. Throws CommandError, also for an empty one and for one of
// more than `most` bytes. `what` names it in a question.
std::string read_secret(const std::filesystem::path& file, const std::string& what, std::size_t most);

// Has the user's editor ($VISUAL, $EDITOR, vi) change the file, and waits for it. Throws CommandError
// when it cannot be run or ends with a failure.
void run_editor(const std::filesystem::path& file);

}  // namespace maand
