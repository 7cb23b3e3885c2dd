#include "reconciler/core/webhook/ref_wait.h"

namespace maand {

RefWait::Next RefWait::saw(const CommitId& head, bool fetched, Instant now) {
  if (!head.empty()) {
    const bool moved = head != before_;
    if (announced_.empty() ? moved : head == announced_ || (moved && fetched)) return Next::kOver;
    // Two pushes within a moment are two announcements: the first head that shows
    // may be the older one's, so a head that is merely another one is no end yet.
  }
  ++readings_;
  if (readings_ < kPauses.size()) {
    next_ = now + kPauses[readings_];
    return Next::kReadAgain;
  }
  const bool never_moved = head.empty() || head == before_;
  return never_moved && !fetched ? Next::kGivenUp : Next::kOver;
}

}  // namespace maand
