// Why and when the next pass runs (R1.1): everything coalesces into one pending
// flag; a trigger that arrives during a pass makes another pass.
//
// Reconcile thread only. Time comes in as an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "reconciler/core/ports.h"

namespace maand {

class Triggers {
 public:
  // `first_number`: what requested() and served() count from. A number that is
  // higher with every start lets whoever waits outlive a daemon.
  explicit Triggers(std::chrono::milliseconds poll_interval, std::uint64_t first_number = 0)
      : poll_interval_(poll_interval),
        requested_(first_number),
        taken_(first_number),
        begun_(first_number),
        served_(first_number) {}

  // An operator, a webhook, start-up. The first cause of a pass is the one that is told.
  void poke(const std::string& cause);
  // A timer fell due: sets the flag when it did.
  void tick(Instant now);
  bool pending() const { return pending_; }
  // Clears the flag and gives its cause ("commit" when only a timer set it): for a pass that
  // begins, or for the one that runs.
  std::string take();
  std::string take_into_pass();

  // After a pass. `jitter` is in [0, 1). `follows`: another one follows for what was taken into
  // this one, which is not served yet then.
  void pass_ended(Instant now, bool converged, double jitter, bool follows = false);
  // When tick() may next have something to say.
  Instant next_due() const;

  // Pokes asked for and pokes that a finished pass has served; how `--wait` knows.
  std::uint64_t requested() const { return requested_; }
  std::uint64_t served() const { return served_; }

 private:
  const std::chrono::milliseconds poll_interval_;
  bool pending_ = false;
  std::string cause_;
  Instant poll_due_{};
  std::optional<Instant> retry_due_;
  int failures_ = 0;  // passes in a row that left something to be tried again
  std::uint64_t requested_;
  std::uint64_t taken_;
  std::uint64_t begun_;  // taken_ when the pass began
  std::uint64_t served_;
};

}  // namespace maand
