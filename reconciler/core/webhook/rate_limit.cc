#include "reconciler/core/webhook/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace maand {

RateLimit::Bucket& RateLimit::bucket(const std::string& source, Instant now) {
  const auto known = by_source_.find(source);
  if (known == by_source_.end()) {
    if (buckets_.size() >= std::max<std::size_t>(limits_.most_sources, 1)) {
      by_source_.erase(buckets_.back().source);
      buckets_.pop_back();
    }
    buckets_.push_front({source, limits_.burst, now});
    by_source_.emplace(source, buckets_.begin());
    return buckets_.front();
  }
  buckets_.splice(buckets_.begin(), buckets_, known->second);
  Bucket& found = buckets_.front();
  const double passed = std::chrono::duration<double>(now - found.at).count();
  if (passed > 0) {
    found.tokens = std::min(limits_.burst, found.tokens + passed * limits_.per_second);
    found.at = now;
  }
  return found;
}

std::optional<std::chrono::seconds> RateLimit::take(const std::string& source, Instant now) {
  Bucket& one = bucket(source, now);
  if (one.tokens >= 1) {
    one.tokens -= 1;
    return std::nullopt;
  }
  const double wait = std::ceil((1 - one.tokens) / limits_.per_second);
  return std::chrono::seconds(std::max<long long>(1, static_cast<long long>(wait)));
}

void RateLimit::charge(const std::string& source, Instant now) {
  Bucket& one = bucket(source, now);
  one.tokens = std::max(-limits_.burst, one.tokens - limits_.wrong_cost);
}

}  // namespace maand
