// Health goes on after the rollout: who is asked when, and when is an answer news? (R5.8)
//
// Every allocation is due once per interval. The first time is spread over the
// interval by the worker's name, so that a fleet is not asked all at once and the
// allocations of one worker share its connection. Three failed rounds in a row
// make it unhealthy, two good ones healthy; what is recorded stays until then, so
// that a restart of the daemon changes nothing.
//
// Pure: time comes in as an argument. Cost per call: O(log n) for each probe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/outcome.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/watch_list.h"

namespace maand {

class HealthWatch {
 public:
  static constexpr int kFailures = 3;   // in a row, until it counts as unhealthy
  static constexpr int kSuccesses = 2;  // in a row, until it counts as healthy

  // `most_in_flight`: rounds begun and not answered, at least 1.
  HealthWatch(std::chrono::milliseconds interval, int most_in_flight);

  // From here on these are watched and no others. One that is known keeps its
  // turn, and its counts unless its checks or its recorded health are others now.
  // Ends every pause.
  void follow(const WatchList& list, Instant now);
  // A rollout acts on it: it is not asked, and an answer under way says nothing,
  // until the next follow().
  void pause(const AllocationKey& key);

  struct Probe {
    AllocationKey key;
    Endpoint endpoint;
    std::shared_ptr<const HealthSpec> spec;  // has checks
    std::uint64_t ticket = 0;                // for answered()
  };
  // To be begun now; each must be answered exactly once.
  std::vector<Probe> due(Instant now);
  // When due() has more to say though nothing was answered. nullopt: never.
  std::optional<Instant> wake_at() const;

  struct Change {
    AllocationKey key;
    Health from = Health::kUnprobed;
    Health to = Health::kUnprobed;
    std::string detail;  // of the last failed round
  };
  // The answer of one round; kUnprobed is no verdict. A change is proposed until
  // settle() says that it is recorded.
  std::optional<Change> answered(const AllocationKey& key, std::uint64_t ticket, Health health,
                                 const std::string& detail);
  void settle(const AllocationKey& key, Health recorded);

  std::size_t in_flight() const { return in_flight_; }
  std::size_t watched() const { return entries_.size(); }

 private:
  struct Entry {
    Endpoint endpoint;
    std::shared_ptr<const HealthSpec> spec;
    Health recorded = Health::kUnprobed;
    Instant due{};
    std::uint64_t ticket = 0;  // of the round under way; 0 = none that counts
    bool paused = false;
    bool last_healthy = false;
    int in_a_row = 0;  // rounds that ended like the last one
    bool listed = false;
  };

  const std::chrono::milliseconds interval_;
  const std::size_t most_;
  std::map<AllocationKey, Entry> entries_;
  std::set<std::pair<Instant, AllocationKey>> queue_;
  std::size_t in_flight_ = 0;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace maand
