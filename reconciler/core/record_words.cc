#include "reconciler/core/record_words.h"

namespace maand {

Health health_from(std::string_view word) {
  for (const Health health : {Health::kHealthy, Health::kUnhealthy}) {
    if (word == to_string(health)) return health;
  }
  return Health::kUnprobed;
}

Previous previous_from(std::string_view word) {
  for (const Previous previous : {Previous::kFailed, Previous::kInterrupted}) {
    if (word == to_string(previous)) return previous;
  }
  return Previous::kNone;
}

}  // namespace maand
