// libgit2's return codes as SourceErrors with a sentence and a cure.
#pragma once

#include <string>

#include "reconciler/core/ports.h"

namespace maand {

// Text of this thread's last libgit2 error, on one line; never empty.
std::string git_last_error();

// The object database lacks or cannot decode something it should have. Decided
// by code and class alone. REQUIRES: called on the thread of the failed call.
bool git_means_corrupt(int code);

// For work on the mirror: kMirrorBroken when it is corrupt, else kOther.
// `doing` continues "could not …".
[[noreturn]] void throw_mirror_error(int code, const std::string& doing);

// Throws when `code` is negative.
inline void check_mirror(int code, const char* doing) {
  if (code < 0) throw_mirror_error(code, doing);
}

}  // namespace maand
