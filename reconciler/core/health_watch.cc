#include "reconciler/core/health_watch.h"

#include <algorithm>

namespace maand {
namespace {

// The same on every machine and at every start (FNV-1a).
std::uint64_t hash_of(const std::string& text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash ^ (hash >> 32);
}

}  // namespace

HealthWatch::HealthWatch(std::chrono::milliseconds interval, int most_in_flight)
    : interval_(std::max(interval, std::chrono::milliseconds(1))),
      most_(static_cast<std::size_t>(std::max(most_in_flight, 1))) {}

void HealthWatch::follow(const WatchList& list, Instant now) {
  for (auto& [key, entry] : entries_) {
    entry.listed = false;
    entry.paused = false;
  }
  for (const WatchedAllocation& one : list.watched) {
    auto found = entries_.find(one.key);
    if (found == entries_.end()) {
      if (!one.spec) continue;  // its checks are not known
      found = entries_.emplace(one.key, Entry{}).first;
      Entry& fresh = found->second;
      const auto phase = hash_of(one.key.worker.str()) % static_cast<std::uint64_t>(interval_.count());
      fresh.due = now + std::chrono::milliseconds(phase);
      fresh.recorded = one.health;
      queue_.emplace(fresh.due, one.key);
    }
    Entry& entry = found->second;
    entry.listed = true;
    entry.endpoint = one.endpoint;
    const bool other_checks = one.spec && (!entry.spec || !(*one.spec == *entry.spec));
    if (one.spec) entry.spec = one.spec;
    if (other_checks || entry.recorded != one.health) {
      entry.recorded = one.health;
      entry.in_a_row = 0;
      entry.ticket = 0;
    }
  }
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (it->second.listed) {
      ++it;
      continue;
    }
    queue_.erase({it->second.due, it->first});
    it = entries_.erase(it);
  }
}

void HealthWatch::pause(const AllocationKey& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  found->second.paused = true;
  found->second.ticket = 0;
  found->second.in_a_row = 0;  // another process may run there afterwards
}

std::vector<HealthWatch::Probe> HealthWatch::due(Instant now) {
  std::vector<Probe> probes;
  while (in_flight_ < most_ && !queue_.empty() && queue_.begin()->first <= now) {
    const AllocationKey key = queue_.begin()->second;
    queue_.erase(queue_.begin());
    Entry& entry = entries_.at(key);
    const auto missed = (now - entry.due) / interval_;  // rounds nobody had time for
    entry.due += interval_ * (missed + 1);
    queue_.emplace(entry.due, key);
    if (entry.paused || entry.ticket != 0) continue;
    entry.ticket = ++last_ticket_;
    ++in_flight_;
    probes.push_back({key, entry.endpoint, entry.spec, entry.ticket});
  }
  return probes;
}

std::optional<Instant> HealthWatch::wake_at() const {
  if (queue_.empty() || in_flight_ >= most_) return std::nullopt;
  return queue_.begin()->first;
}

std::optional<HealthWatch::Change> HealthWatch::answered(const AllocationKey& key, std::uint64_t ticket,
                                                         Health health, const std::string& detail) {
  if (in_flight_ > 0) --in_flight_;
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.ticket != ticket) return std::nullopt;
  Entry& entry = found->second;
  entry.ticket = 0;
  if (health == Health::kUnprobed) return std::nullopt;
  const bool healthy = health == Health::kHealthy;
  const int needed = healthy ? kSuccesses : kFailures;
  entry.in_a_row = healthy == entry.last_healthy ? std::min(entry.in_a_row + 1, needed) : 1;
  entry.last_healthy = healthy;
  if (entry.in_a_row < needed || entry.recorded == health) return std::nullopt;
  return Change{key, entry.recorded, health, healthy ? "" : detail};
}

void HealthWatch::settle(const AllocationKey& key, Health recorded) {
  const auto found = entries_.find(key);
  if (found != entries_.end()) found->second.recorded = recorded;
}

}  // namespace maand
