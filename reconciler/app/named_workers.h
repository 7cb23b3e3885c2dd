// Workers as an operator lists them.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "reconciler/core/ids.h"
#include "reconciler/core/text.h"

namespace maand {

// `a, b` → {a, b}.
inline std::vector<WorkerHost> named_workers(std::string_view list) {
  std::vector<WorkerHost> out;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (const std::string_view host = trim(list.substr(0, comma)); !host.empty()) out.emplace_back(host);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return out;
}

}  // namespace maand
