#include "reconciler/core/fleet.h"

#include <algorithm>

namespace maand {
namespace {

constexpr std::chrono::seconds kFresh{10};

}  // namespace

Fleet::Fleet(RolloutLimits limits) : limits_(limits) {
  limits_.max_parallel_workers = std::max(1, limits_.max_parallel_workers);
  limits_.max_per_worker = std::max(1, limits_.max_per_worker);
}

Fleet::Lane Fleet::lane(const WorkerHost& host) {
  const auto [it, added] = index_.emplace(host, static_cast<Lane>(lanes_.size()));
  if (added) {
    lanes_.emplace_back();
    lanes_.back().host = &it->first;  // keys of an unordered_map stay where they are
  }
  return it->second;
}

void Fleet::list(Lane lane) {
  State& state = lanes_[lane];
  if (state.listed || state.queue.empty() || state.in_flight >= limits_.max_per_worker) return;
  state.listed = true;
  (state.in_flight == 0 ? idle_ : busy_).push_back(lane);
}

void Fleet::push(const Ticket& ticket) {
  ++queued_;
  if (ticket.kind == Step::Kind::kConfirm) {
    urgent_.push_back(ticket);
    return;
  }
  lanes_[ticket.lane].queue.push_back(ticket);
  list(ticket.lane);
}

Fleet::Ticket Fleet::take(std::deque<Ticket>& queue) {
  const Ticket ticket = queue.front();
  queue.pop_front();
  --queued_;
  if (lanes_[ticket.lane].in_flight++ == 0) ++active_;
  ++in_flight_;
  return ticket;
}

std::optional<Fleet::Ticket> Fleet::pop() {
  if (!urgent_.empty()) return take(urgent_);
  // A busy lane may have become idle since it was listed: then it has to wait for its
  // place among those. An idle one may be at something urgent.
  // What was urgent may have made more workers busy than may be: the rest waits until they are not.
  const int most = limits_.max_parallel_workers;
  while (active_ <= most && (!busy_.empty() || (!idle_.empty() && active_ < most))) {
    std::deque<Lane>& from = busy_.empty() ? idle_ : busy_;
    const bool was_busy = &from == &busy_;
    const Lane lane = from.front();
    from.pop_front();
    State& state = lanes_[lane];
    state.listed = false;
    if (was_busy != (state.in_flight > 0) || state.in_flight >= limits_.max_per_worker) {
      list(lane);
      continue;
    }
    const Ticket ticket = take(state.queue);
    list(lane);
    return ticket;
  }
  return std::nullopt;
}

void Fleet::done(Lane lane) {
  State& state = lanes_[lane];
  if (state.in_flight == 0) return;
  --in_flight_;
  if (--state.in_flight == 0) --active_;
  list(lane);
}

Fleet::Reach Fleet::contact(Lane lane, std::uint32_t job, const Endpoint& endpoint, Instant now) {
  State& state = lanes_[lane];
  if (state.aside) return Reach::kSetAside;
  if (state.heard && now - *state.heard < kFresh) return Reach::kThere;
  state.askers.push_back(job);
  if (state.askers.size() == 1) {
    state.endpoint = endpoint;
    push({lane, Step::Kind::kContact, job, 0});
  }
  return Reach::kAsking;
}

Step Fleet::contact_step(Lane lane) const {
  Step step;
  step.kind = Step::Kind::kContact;
  step.key.worker = host(lane);
  step.endpoint = lanes_[lane].endpoint;
  return step;
}

std::vector<std::uint32_t> Fleet::answered(Lane lane) { return std::exchange(lanes_[lane].askers, {}); }

const Contact* Fleet::aside(Lane lane) const {
  const auto& aside = lanes_[lane].aside;
  return aside ? &*aside : nullptr;
}

void Fleet::set_aside(Lane lane, const Contact& contact) {
  if (lanes_[lane].aside) return;
  lanes_[lane].aside = contact;
  newly_aside_.push_back(lane);
}

std::map<WorkerHost, Contact> Fleet::set_aside() const {
  std::map<WorkerHost, Contact> out;
  for (const State& state : lanes_) {
    if (state.aside) out.emplace(*state.host, *state.aside);
  }
  return out;
}

}  // namespace maand
