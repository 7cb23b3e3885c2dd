#include "reconciler/core/batch.h"

#include <limits>

namespace maand {

void UpgradeQueue::add(std::size_t candidate, bool unavailable) {
  (unavailable ? sick_ : well_).insert(candidate);
}

void UpgradeQueue::drop(std::size_t candidate) {
  sick_.erase(candidate);
  well_.erase(candidate);
}

void UpgradeQueue::set_unavailable(std::size_t candidate, bool unavailable) {
  std::set<std::size_t>& from = unavailable ? well_ : sick_;
  if (from.erase(candidate) > 0) add(candidate, unavailable);
}

Batch UpgradeQueue::take(int size, int unavailable, int limit) {
  const auto slots = static_cast<std::size_t>(size);
  Batch batch;
  while (batch.size() < slots && !sick_.empty()) batch.push_back(sick_.extract(sick_.begin()).value());
  while (batch.size() < slots && !well_.empty() && unavailable < limit) {
    batch.push_back(well_.extract(well_.begin()).value());
    ++unavailable;
  }
  return batch;
}

Batch UpgradeQueue::take_regardless(int size) { return take(size, 0, std::numeric_limits<int>::max()); }

}  // namespace maand
