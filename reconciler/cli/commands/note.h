// `maand note [REV]`: what was said about a commit, as the mirror knows it.
#pragma once

#include <string>

#include "reconciler/cli/context.h"

namespace maand {

struct NoteOptions {
  std::string rev;  // empty: the newest commit that was judged, else the branch
};

// Asks no remote. kExitFailed when the commit has no note.
int run_note(const Context& context, const NoteOptions& options);

}  // namespace maand
