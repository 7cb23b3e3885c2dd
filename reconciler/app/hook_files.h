// What a hook finds beside it: its job's directory as it stands in git (workspace.md 10.1).
#pragma once

#include <string>

#include "reconciler/core/hook.h"
#include "reconciler/core/ports.h"

namespace maand {

// `directory`: of the job, relative to the view's root. Without `_prometheus/`, symlinks, and
// what dependencies leave behind (`.venv`, `node_modules`, …). Throws SourceError, also for a
// directory that is not there or holds more than 64 MiB.
HookFiles read_hook_files(const FileView& view, const std::string& directory);

}  // namespace maand
