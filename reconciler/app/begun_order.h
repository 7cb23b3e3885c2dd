// An order of an operator whose job_control hooks have begun, as it outlives the daemon: one that is
// killed meanwhile leaves no receipt on any worker that could tell of them (R7.1).
#pragma once

#include <optional>

#include "reconciler/core/job_order.h"
#include "reconciler/core/ports.h"

namespace maand {

struct BegunOrder {
  JobOrder order;    // `workers`: those that they run for
  bool ran = false;  // they have, for the content of `tree`; what is left is to confirm it
  TreeId tree;
};

// At most one is carried out at a time. All throw StoreError; one that cannot be read counts as none.
std::optional<BegunOrder> begun_order(Store& store);
void keep_begun_order(Store& store, const BegunOrder& begun);
void forget_begun_order(Store& store);

}  // namespace maand
