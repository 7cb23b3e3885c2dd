// Which allocations of a job go next (R2.3, R2.5).
//
// Candidates are numbers of the caller's choice, lower ones first. Whoever can
// not be reached is dropped by the caller, so that it never takes a slot.
#pragma once

#include <cstddef>
#include <set>
#include <vector>

namespace maand {

using Batch = std::vector<std::size_t>;

class UpgradeQueue {
 public:
  void add(std::size_t candidate, bool unavailable);
  void drop(std::size_t candidate);
  // A newer probe. Does nothing for a candidate that is not waiting here.
  void set_unavailable(std::size_t candidate, bool unavailable);

  bool empty() const { return sick_.empty() && well_.empty(); }
  std::size_t size() const { return sick_.size() + well_.size(); }

  // Takes the next batch out. Candidates that are unavailable already go first
  // and cost nothing: acting on them takes nobody out of service. A healthy one
  // joins only while those unavailable and those of the batch together stay within
  // `limit`. Empty although the queue is not: availability forbids to go on.
  // `unavailable` counts all of the job, candidates included. Cost: O(size · log n).
  Batch take(int size, int unavailable, int limit);
  Batch take_regardless(int size);  // `maand release JOB`

 private:
  std::set<std::size_t> sick_;
  std::set<std::size_t> well_;
};

}  // namespace maand
