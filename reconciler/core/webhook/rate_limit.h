// May this source send another request now? A token bucket for each (R6.3).
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

namespace maand {

struct RateLimits {
  double burst = 60;       // requests at once
  double per_second = 1;   // and then
  double wrong_cost = 10;  // of a request that turns out to be wrong, besides the one it had paid
  // The one that was idle longest is forgotten for the next; about 200 bytes each.
  std::size_t most_sources = 4096;
};

class RateLimit {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  explicit RateLimit(RateLimits limits = {}) : limits_(limits) {}

  // nullopt: yes, and it is paid for. Else how long until it will be yes, rounded up, at least 1 s.
  std::optional<std::chrono::seconds> take(const std::string& source, Instant now);
  // That request was wrong. A source may owe as much as a burst, so that it waits longer.
  void charge(const std::string& source, Instant now);
  std::size_t sources() const { return buckets_.size(); }

 private:
  struct Bucket {
    std::string source;
    double tokens;
    Instant at;
  };
  Bucket& bucket(const std::string& source, Instant now);

  const RateLimits limits_;
  std::list<Bucket> buckets_;  // newest first
  std::unordered_map<std::string, std::list<Bucket>::iterator> by_source_;
};

}  // namespace maand
