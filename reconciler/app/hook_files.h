// What a hook finds beside it: its job's directory as it stands in git (workspace.md 10.1).
#pragma once

#include <string>

#include "reconciler/core/hook.h"
#include "reconciler/core/ports.h"

namespace maand {

struct JobFiles {
  HookFiles files;   // never null
  bool own = false;  // all of them lie in the directory: the same tree has the same files
};

// `directory`: of the job, relative to the view's root. Without `_prometheus/` and what dependencies leave
// behind (`.venv`, `node_modules`, …). For a symlink to a file of the commit that file stands there (2.9);
// any other symlink is left out. Throws SourceError, also for a directory that is not there or holds more
// than 64 MiB.
JobFiles read_hook_files(const FileView& view, const std::string& directory);

}  // namespace maand
