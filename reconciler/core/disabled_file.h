// disabled.json → what is to stand still (workspace.md 3.3 and its list of
// differences). A key that is not understood refuses the commit: ignoring it
// could stop a whole job.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/diagnostics.h"
#include "reconciler/core/model.h"

namespace maand {

// With errors in `diagnostics` the commit is to be refused.
Disabled parse_disabled(std::string_view text, const std::string& path, Diagnostics& diagnostics);

// Warns of names that `disabled` has and the workspace has not. They are kept: an
// allocation list of nothing but typing errors must not become an empty one,
// which would mean the whole job.
void warn_of_unknown_names(const Disabled& disabled, const std::vector<Worker>& workers,
                           const std::set<JobName>& jobs, const std::string& path, Diagnostics& diagnostics);

}  // namespace maand
