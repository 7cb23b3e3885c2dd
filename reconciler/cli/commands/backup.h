// `maand backup DIR` and `maand restore DIR`: what the bucket keeps and nobody else
// has, and back.
#pragma once

#include <string>

#include "reconciler/cli/context.h"

namespace maand {

struct BackupOptions {
  std::string directory;
};
struct RestoreOptions {
  std::string directory;
};

// Also while a daemon runs. kExitUsage: the directory exists already.
int run_backup(const Context& context, const BackupOptions& options);

// Puts data/state.db back, and secrets that are missing; what is replaced is kept
// beside it. From then on the daemon writes to no worker until `maand takeover` (R7.3).
// kExitUsage: no backup of this bucket. kExitNoDaemon: a daemon runs.
int run_restore(const Context& context, const RestoreOptions& options);

}  // namespace maand
