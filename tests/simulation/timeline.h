// Time that passes only when nothing else can happen: what is to happen, in order.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <utility>

#include "reconciler/core/ports.h"

namespace maand::simulation {

using Duration = std::chrono::milliseconds;

class Timeline : public Clock {
 public:
  Instant now() const override { return now_; }
  WallTime wall() const override {
    return WallTime(std::chrono::duration_cast<WallTime::duration>(now_.time_since_epoch() + wall_offset_));
  }

  // Two of one time happen in the order in which they were told.
  void at(Instant when, std::function<void()> event) {
    events_.emplace(std::make_pair(std::max(when, now_), next_++), std::move(event));
  }
  void after(Duration delay, std::function<void()> event) { at(now_ + delay, std::move(event)); }

  // Lets the next event happen if it is due by `until`; else it becomes `until`.
  // Returns whether one happened.
  bool step(Instant until);

  // Somebody sets the machine's clock. Timers do not feel it.
  void jump_wall(Duration by) { wall_offset_ += by; }

 private:
  Instant now_{std::chrono::hours(1)};
  Duration wall_offset_{std::chrono::hours(24 * 365 * 50)};
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> events_;
  std::uint64_t next_ = 0;
};

}  // namespace maand::simulation
