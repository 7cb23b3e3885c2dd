// What operators have said that holds until they take it back or its time is over.
//
// `Order` has `job` (empty: the whole bucket), `actor`, `reason`, `since` and `until`.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/ids.h"

namespace maand {

template <class Order>
class StandingOrders {
 public:
  // Replaces the one of the same job.
  void put(Order order) {
    drop(order.job);
    const auto at =
        std::find_if(all_.begin(), all_.end(), [&](const Order& one) { return order.job < one.job; });
    all_.insert(at, std::move(order));
  }
  // False: there is none of it.
  bool drop(const JobName& job) {
    return std::erase_if(all_, [&](const Order& one) { return one.job == job; }) > 0;
  }
  // Takes out what has ended. Whether anything did.
  bool expire(WallTime now) {
    return std::erase_if(all_, [&](const Order& one) { return one.until <= now; }) > 0;
  }

  // What holds for `job`; the bucket's before its own. Null: nothing does.
  const Order* of(const JobName& job) const {
    for (const Order& one : all_) {
      if (one.job.empty() || one.job == job) return &one;
    }
    return nullptr;
  }
  // The narrower one: its own, or else the bucket's. Null: there is neither.
  const Order* narrowest(const JobName& job) const {
    const Order* order = own(job);
    return order ? order : own({});
  }
  // Its own alone; with an empty `job`, the bucket's.
  const Order* own(const JobName& job) const {
    const auto at = std::find_if(all_.begin(), all_.end(), [&](const Order& one) { return one.job == job; });
    return at == all_.end() ? nullptr : &*at;
  }
  const std::vector<Order>& all() const { return all_; }  // the bucket's first, then by job

  friend bool operator==(const StandingOrders&, const StandingOrders&) = default;

 private:
  std::vector<Order> all_;
};

}  // namespace maand
