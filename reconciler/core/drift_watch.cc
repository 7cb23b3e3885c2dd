#include "reconciler/core/drift_watch.h"

#include <algorithm>
#include <string>

namespace maand {
namespace {

// The same on every machine (FNV-1a).
std::uint64_t hash_of(const std::string& text, std::uint64_t seed, std::uint64_t round) {
  std::uint64_t hash = 14695981039346656037ULL;
  const auto mix = [&](std::uint64_t byte) { hash = (hash ^ byte) * 1099511628211ULL; };
  for (const char c : text) mix(static_cast<unsigned char>(c));
  for (int shift = 0; shift < 64; shift += 8) mix((seed >> shift) & 0xFFU);
  for (int shift = 0; shift < 64; shift += 8) mix((round >> shift) & 0xFFU);
  return hash ^ (hash >> 32);
}

}  // namespace

DriftWatch::DriftWatch(std::chrono::milliseconds interval, int most_in_flight, std::uint64_t seed)
    : interval_(std::max(interval, std::chrono::milliseconds(1))),
      most_(static_cast<std::size_t>(std::max(most_in_flight, 1))),
      seed_(seed) {}

void DriftWatch::follow(DriftList list, Instant now) {
  paused_.clear();
  list_ = std::move(list);
  for (const auto& [worker, look] : list_) {
    const auto [entry, fresh] = entries_.try_emplace(worker);
    if (fresh) {
      const auto phase = hash_of(worker.str(), seed_, 0) % static_cast<std::uint64_t>(interval_.count());
      entry->second.due = now + std::chrono::milliseconds(phase);
    }
    if (!entry->second.asked) queue_.emplace(entry->second.due, worker);
  }
  for (auto it = entries_.begin(); it != entries_.end();) {
    const bool listed = list_.count(it->first) > 0;
    if (!listed) queue_.erase({it->second.due, it->first});
    // One that a rollout acts on keeps its turn, or it might never have one.
    const bool gone = !listed && !it->second.asked && it->second.due + 2 * interval_ < now;
    it = gone ? entries_.erase(it) : std::next(it);
  }
}

void DriftWatch::pause(const JobName& job) {
  paused_.insert(job);
  void_until_[job] = last_ticket_;
}

// Its turn after `entry.due`, moved by up to a twentieth of the interval.
Instant DriftWatch::next_after(const WorkerHost& worker, Entry& entry) const {
  const std::int64_t span = interval_.count() / 20;
  const auto spread = static_cast<std::uint64_t>(2 * span + 1);
  const auto moved = static_cast<std::int64_t>(hash_of(worker.str(), seed_, ++entry.round) % spread) - span;
  return entry.due + interval_ + std::chrono::milliseconds(moved);
}

std::vector<DriftWatch::Look> DriftWatch::due(Instant now) {
  std::vector<Look> looks;
  while (in_flight_ < most_ && !queue_.empty() && queue_.begin()->first <= now) {
    const WorkerHost worker = queue_.begin()->second;
    queue_.erase(queue_.begin());
    Entry& entry = entries_.at(worker);
    const auto missed = (now - entry.due) / interval_;  // turns nobody had time for
    entry.due += interval_ * missed;
    entry.due = next_after(worker, entry);
    if (entry.due <= now) entry.due = now + interval_;
    Look look{.worker = list_.at(worker)};
    std::erase_if(look.worker.jobs, [this](const JobLook& job) { return paused_.count(job.job) > 0; });
    if (look.worker.jobs.empty()) {
      queue_.emplace(entry.due, worker);
      continue;
    }
    entry.asked = true;
    look.ticket = ++last_ticket_;
    ++in_flight_;
    looks.push_back(std::move(look));
  }
  return looks;
}

std::optional<Instant> DriftWatch::wake_at() const {
  if (queue_.empty() || in_flight_ >= most_) return std::nullopt;
  return queue_.begin()->first;
}

std::vector<JobLook> DriftWatch::answered(const Look& look) {
  if (in_flight_ > 0) --in_flight_;
  const WorkerHost& worker = look.worker.endpoint.host;
  if (const auto entry = entries_.find(worker); entry != entries_.end()) {
    entry->second.asked = false;
    if (list_.count(worker) > 0) queue_.emplace(entry->second.due, worker);
  }
  std::vector<JobLook> counts;
  for (const JobLook& job : look.worker.jobs) {
    const auto ended = void_until_.find(job.job);
    if (ended == void_until_.end() || ended->second < look.ticket) counts.push_back(job);
  }
  // Nothing older is under way.
  if (in_flight_ == 0) void_until_.clear();
  return counts;
}

}  // namespace maand
