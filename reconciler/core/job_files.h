// The files of a job directory → what is shipped, what is rendered, and what may
// not be there (workspace.md 2.9, 7.1, R3.2, R3.3).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/diagnostics.h"
#include "reconciler/core/files.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/workspace.h"

namespace maand {

// `entries` are those below `directory` (`workspace/jobs/api`), whose files are
// named `label` (`jobs/api`) in messages. Sets `files`, `templates`, `vars`,
// `catalogue` and `is_prometheus` of `job`, whose other parts are there. Reads every shipped file whose
// digest is not in `digests` (may be null), the templates and vars.toml, and no other. With errors in
// `diagnostics` they are incomplete and must not be applied; what is wrong in `_prometheus/` counts only
// where there is a Prometheus server (13.1).
void load_job_files(const FileView& view, std::string_view directory, const std::string& label,
                    std::span<const Entry> entries, const WorkspaceLimits& limits, ContentDigests* digests,
                    Job& job, Diagnostics& diagnostics, Diagnostics& catalogue_diagnostics);

// nullopt: the link `path` of a job directory stays inside it. Else what is wrong
// with its target, to follow the link's name in a sentence.
std::optional<std::string> symlink_problem(std::string_view path, std::string_view target);

}  // namespace maand
