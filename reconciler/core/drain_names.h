// Drains of workers that go on under another name (R3.6): the machine is the same, so it stays drained.
#pragma once

#include <vector>

#include "reconciler/core/drain.h"
#include "reconciler/core/model.h"

namespace maand {

// `drains` by the names that `workers` have now. A drain of a name that is listed, or that nobody `was`,
// stays as it is; a worker that is drained under its new name already keeps that word.
Drains with_new_names(Drains drains, const std::vector<Worker>& workers);

}  // namespace maand
