// Does a batch stay healthy for as long as it has to bake? (R2.9)
//
// After its gate a batch is probed on, HealthSpec::interval apart. A member that fails
// three times in a row (R5.8) ends it; the time is over only when nobody has just
// failed. Without checks it is only a wait. Time is the caller's: what is left can be
// taken out, kept, and put in again, and no time passes in between.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "reconciler/core/health_gate.h"

namespace maand {

class Bake {
 public:
  using Verdict = HealthGate::Verdict;

  void open(const HealthSpec& spec, std::chrono::milliseconds left, Instant now);
  void add(std::size_t allocation) { members_[allocation] = {}; }

  // Whom to probe now. Each must be answered.
  std::vector<std::size_t> due(Instant now);
  void on_probe(std::size_t allocation, bool healthy);

  Verdict verdict(Instant now) const;
  std::vector<std::size_t> failing() const;
  // nullopt: answers are awaited.
  std::optional<Instant> wake_at() const;
  std::chrono::milliseconds left(Instant now) const;

 private:
  static constexpr int kMisses = 3;  // in a row
  struct Member {
    bool asked = false;
    int misses = 0;
  };
  bool anybody_missed() const;

  std::map<std::size_t, Member> members_;
  bool probes_ = false;
  std::size_t asked_ = 0;
  std::chrono::seconds interval_{1};
  Instant next_round_{};
  Instant until_{};
};

}  // namespace maand
