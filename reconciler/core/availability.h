// How many allocations of a job may be out at once, and which are (R2.5).
//
// An active allocation is unavailable when it is out of reach (its worker is set
// aside, or the allocation itself is), when its last target failed, when it was
// stopped for a port, or when it fails its newest probe. Every update costs O(log n); a count costs nothing,
// so that a job of many thousands can ask before each batch.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "reconciler/core/outcome.h"
#include "reconciler/core/plan.h"

namespace maand {

class Availability {
 public:
  explicit Availability(const JobPlan& plan);

  // `allocation` is an index into JobPlan::active.
  void set_health(std::size_t allocation, Health health);
  void set_failed(std::size_t allocation, bool failed);
  void set_stopped(std::size_t allocation, bool stopped);  // for a port, for a while
  void set_out_of_reach(std::size_t allocation, std::string why);

  bool unavailable(std::size_t allocation) const { return unavailable_.contains(allocation); }
  bool out_of_reach(std::size_t allocation) const { return !entries_[allocation].out_of_reach.empty(); }
  int count() const { return static_cast<int>(unavailable_.size()); }
  int limit() const { return limit_; }

  // `api@10.0.0.1 (Unreachable), api@10.0.0.2 (unhealthy); 2 of 5 are unavailable, at most 1 may be`
  std::string sentence() const;

 private:
  struct Entry {
    const AllocationKey* key;
    Health health;
    bool failed;
    bool stopped;
    std::string out_of_reach;  // empty = within reach; else why not
  };
  void judge(std::size_t allocation);

  std::vector<Entry> entries_;
  std::set<std::size_t> unavailable_;
  int limit_;
};

// `rollout.max_unavailable`, or the larger of max_concurrent_upgrades and a
// quarter of the job's allocations, rounded up.
int availability_limit(const JobPlan& plan);

}  // namespace maand
