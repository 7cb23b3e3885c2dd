// workers.json → workers (workspace.md 1.1, R3.6, R3.8).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/diagnostics.h"
#include "reconciler/core/model.h"

namespace maand {

// Sorted by (position, host). An empty list is an error (R1.3): it is far more
// often an accident than a wish to stop everything. With errors in
// `diagnostics` the commit is to be refused.
std::vector<Worker> parse_workers(std::string_view text, const std::string& path, Diagnostics& diagnostics);

}  // namespace maand
