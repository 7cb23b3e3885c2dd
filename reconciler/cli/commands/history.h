// `maand history`: past passes, newest first, from the store.
#pragma once

#include <cstddef>

#include "reconciler/cli/context.h"

namespace maand {

struct HistoryOptions {
  std::size_t limit = 20;
};

int run_history(const Context& context, const HistoryOptions& options);

}  // namespace maand
