// A secret as a person or a script hands it in: never on the command line.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace maand {

class HeldSignals;

// From `file`, byte by byte; else asked for at a terminal without showing it, twice; else all of stdin
// without the line end that `echo` puts there. Throws CommandError, also for an empty one and for one of
// more than `most` bytes, and when a signal came at the question, with 128 and the signal. `what` names it in
// a question.
std::string read_secret(const std::filesystem::path& file, const std::string& what, std::size_t most);

// Has the user's editor ($VISUAL, $EDITOR, vi) change the file, and waits for it. Throws CommandError
// when it cannot be run or ends with a failure, and when SIGTERM or SIGHUP came: then the editor has ended,
// and the signal ends the process once `held` goes, which outlives what lies in the file. SIGINT and SIGQUIT
// are the editor's.
void run_editor(const std::filesystem::path& file, const HeldSignals& held);

}  // namespace maand
