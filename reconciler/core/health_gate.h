// Did the allocations of a batch come up healthy? (R2.4)
//
// Probes in rounds, HealthSpec::interval apart, until every member answered
// twice in a row, or HealthSpec::attempts rounds are over (never fewer than the
// two that are needed). A member that was unhealthy before the batch is waited
// for like the others, because the next batch is counted against it, but it
// cannot fail the gate; unless it is acted on because it failed before (R2.6).
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "reconciler/core/model.h"
#include "reconciler/core/ports.h"

namespace maand {

class HealthGate {
 public:
  enum class Verdict { kOpen, kPassed, kFailed };

  // REQUIRES: every probe of an earlier gate was answered.
  void open(const HealthSpec& spec, Instant now);
  void add(std::size_t allocation, bool exempt);

  // Whom to probe now; begins a round when one is due. Each must be answered.
  std::vector<std::size_t> due(Instant now);
  // True when this answer made the allocation count as healthy.
  bool on_probe(std::size_t allocation, bool healthy);

  Verdict verdict() const;
  // Members that are not healthy and may fail the gate.
  std::vector<std::size_t> failing() const;
  // When the next round begins. nullopt: answers are awaited, or the verdict is there.
  std::optional<Instant> wake_at() const;

 private:
  static constexpr int kNeeded = 2;  // successes in a row
  struct Member {
    bool exempt = false;
    bool asked = false;
    int in_a_row = 0;
    bool healthy() const { return in_a_row >= kNeeded; }
  };

  std::map<std::size_t, Member> members_;
  std::size_t unhealthy_ = 0;
  std::size_t asked_ = 0;  // probes in flight
  int rounds_left_ = 0;
  std::chrono::seconds interval_{1};
  Instant next_round_{};
};

}  // namespace maand
