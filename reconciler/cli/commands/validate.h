// `maand validate [DIR]`: all problems of a workspace directory, for people and
// for the CI of the workspace's own repository. Templates are rendered as well,
// with nothing stored; no bucket, daemon or worker is needed.
#pragma once

#include <string>

#include "reconciler/cli/context.h"

namespace maand {

struct ValidateOptions {
  std::string directory;  // a workspace, or a directory with `workspace/` in it; empty: the current checkout
  std::string format = "text";  // text, or github: workflow commands that annotate the files
};

// kExitDone, kExitFailed when there are errors, kExitUsage when there is no such directory.
int run_validate(const Context& context, const ValidateOptions& options);

}  // namespace maand
