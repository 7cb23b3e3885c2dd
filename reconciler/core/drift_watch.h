// When is which worker looked at, and which part of an answer still counts? (R5.9)
//
// Every worker is due once per interval. The first time is spread over the interval by
// the worker's name and a seed, the later ones move by up to 5 % either way, so that a
// fleet is not asked all at once, nor in step with anything else. What a rollout acts on
// is left out, and an answer about it that was under way counts for nothing.
//
// Pure: time and the seed come in as arguments. Cost per call: O(log n) for each look.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "reconciler/core/drift_list.h"
#include "reconciler/core/ports.h"

namespace maand {

class DriftWatch {
 public:
  // `most_in_flight`: looks begun and not answered, at least 1.
  DriftWatch(std::chrono::milliseconds interval, int most_in_flight, std::uint64_t seed);

  // From here on these are looked at and no others; a worker that is known keeps its
  // turn. Ends every pause.
  void follow(DriftList list, Instant now);
  // A rollout acts on the job, until the next follow().
  void pause(const JobName& job);

  struct Look {
    WorkerLook worker;
    std::uint64_t ticket = 0;  // for answered()
  };
  // To be begun now; each must be answered exactly once.
  std::vector<Look> due(Instant now);
  // When due() has more to say though nothing was answered. nullopt: never.
  std::optional<Instant> wake_at() const;

  // The look is over: which of its jobs its answer counts for.
  std::vector<JobLook> answered(const Look& look);

  std::size_t in_flight() const { return in_flight_; }
  std::size_t watched() const { return list_.size(); }

 private:
  struct Entry {
    Instant due{};
    std::uint64_t round = 0;  // looks so far
    bool asked = false;       // and has not answered: it has no next turn before
  };
  Instant next_after(const WorkerHost& worker, Entry& entry) const;

  const std::chrono::milliseconds interval_;
  const std::size_t most_;
  const std::uint64_t seed_;
  DriftList list_;
  std::map<WorkerHost, Entry> entries_;
  std::set<std::pair<Instant, WorkerHost>> queue_;
  std::set<JobName> paused_;
  std::map<JobName, std::uint64_t> void_until_;  // answers to looks up to this ticket say nothing of it
  std::size_t in_flight_ = 0;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace maand
