#include "tests/simulation/timeline.h"

namespace maand::simulation {

bool Timeline::step(Instant until) {
  if (events_.empty() || events_.begin()->first.first > until) {
    now_ = std::max(now_, until);
    return false;
  }
  now_ = events_.begin()->first.first;
  const std::function<void()> event = std::move(events_.begin()->second);
  events_.erase(events_.begin());
  event();
  return true;
}

}  // namespace maand::simulation
