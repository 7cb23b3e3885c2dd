// The workers of one rollout: who may be handed a step now, who is set aside, and
// where a port was let go of.
//
// Every worker has a lane: a queue of tickets for what waits to be handed out. A
// ticket says only whose turn it is; what is to be done is asked for when its
// turn comes, so that cancelling needs no search. A pop costs O(1). What a worker takes back
// unless it is confirmed in time is confirmed at once, whatever the limits.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "reconciler/core/rollout.h"

namespace maand {

class Fleet {
 public:
  using Lane = std::uint32_t;

  // Member `allocation` of job `job` (numbers of the caller's), or a contact.
  struct Ticket {
    Lane lane = 0;
    Step::Kind kind = Step::Kind::kRun;
    std::uint32_t job = 0;
    std::size_t allocation = 0;
  };

  explicit Fleet(RolloutLimits limits);

  Lane lane(const WorkerHost& host);
  const WorkerHost& host(Lane lane) const { return *lanes_[lane].host; }

  // ---- steps and their limits
  void push(const Ticket& ticket);
  // The next ticket the limits allow, or one that waits for none. It counts as in flight until done().
  std::optional<Ticket> pop();
  void done(Lane lane);
  bool idle() const { return in_flight_ == 0 && queued_ == 0; }
  int in_flight() const { return in_flight_; }

  // ---- contacts: one at a time for all jobs that want one
  enum class Reach { kThere, kSetAside, kAsking };
  // kAsking: `job` will hear of it. An answer of any kind that is younger than
  // ten seconds is as good as a contact.
  Reach contact(Lane lane, std::uint32_t job, const Endpoint& endpoint, Instant now);
  Step contact_step(Lane lane) const;
  // Who asked; nobody does any more.
  std::vector<std::uint32_t> answered(Lane lane);
  void heard(Lane lane, Instant now) { lanes_[lane].heard = now; }

  // ---- workers set aside (R2.7); for as long as this rollout lasts
  const Contact* aside(Lane lane) const;
  void set_aside(Lane lane, const Contact& contact);
  std::map<WorkerHost, Contact> set_aside() const;
  // Those set aside since the last call.
  std::vector<Lane> take_newly_aside() { return std::exchange(newly_aside_, {}); }

  // ---- ports that change hands
  // `holder` has let go of whatever ports it had before this rollout.
  void let_go(Lane lane, const AllocationKey& holder) { let_go_.emplace_back(lane, holder); }
  // Those that did since the last call.
  std::vector<std::pair<Lane, AllocationKey>> take_let_go() { return std::exchange(let_go_, {}); }

 private:
  struct State {
    const WorkerHost* host = nullptr;
    std::deque<Ticket> queue;
    int in_flight = 0;
    bool listed = false;  // in idle_ or busy_
    std::optional<Contact> aside;
    std::optional<Instant> heard;
    Endpoint endpoint;
    std::vector<std::uint32_t> askers;
  };
  void list(Lane lane);
  Ticket take(std::deque<Ticket>& queue);

  RolloutLimits limits_;
  std::unordered_map<WorkerHost, Lane> index_;
  std::vector<State> lanes_;
  std::deque<Ticket> urgent_;
  std::deque<Lane> idle_;  // have tickets and nothing in flight
  std::deque<Lane> busy_;  // have tickets, something in flight, and room for more
  int active_ = 0;         // lanes with something in flight
  int in_flight_ = 0;
  std::size_t queued_ = 0;
  std::vector<Lane> newly_aside_;
  std::vector<std::pair<Lane, AllocationKey>> let_go_;
};

}  // namespace maand
