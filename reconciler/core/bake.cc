#include "reconciler/core/bake.h"

#include <algorithm>

namespace maand {

void Bake::open(const HealthSpec& spec, std::chrono::milliseconds left, Instant now) {
  members_.clear();
  asked_ = 0;
  probes_ = !spec.checks.empty();
  interval_ = std::max(spec.interval, Seconds(1));
  next_round_ = now + interval_;  // its gate has just asked
  until_ = now + left;
}

std::vector<std::size_t> Bake::due(Instant now) {
  std::vector<std::size_t> probes;
  if (!probes_ || asked_ > 0 || now < next_round_ || verdict(now) != Verdict::kOpen) return probes;
  next_round_ = now + interval_;
  for (auto& [allocation, member] : members_) {
    member.asked = true;
    probes.push_back(allocation);
  }
  asked_ = probes.size();
  return probes;
}

void Bake::on_probe(std::size_t allocation, bool healthy) {
  const auto found = members_.find(allocation);
  if (found == members_.end() || !found->second.asked) return;
  found->second.asked = false;
  --asked_;
  found->second.misses = healthy ? 0 : found->second.misses + 1;
}

bool Bake::anybody_missed() const {
  return std::any_of(members_.begin(), members_.end(), [](const auto& one) { return one.second.misses > 0; });
}

Bake::Verdict Bake::verdict(Instant now) const {
  if (asked_ > 0) return Verdict::kOpen;
  if (!failing().empty()) return Verdict::kFailed;
  return now < until_ || anybody_missed() ? Verdict::kOpen : Verdict::kPassed;
}

std::vector<std::size_t> Bake::failing() const {
  std::vector<std::size_t> out;
  for (const auto& [allocation, member] : members_) {
    if (member.misses >= kMisses) out.push_back(allocation);
  }
  return out;
}

std::optional<Instant> Bake::wake_at() const {
  if (asked_ > 0) return std::nullopt;
  if (!probes_) return until_;
  return anybody_missed() ? next_round_ : std::min(next_round_, until_);
}

std::chrono::milliseconds Bake::left(Instant now) const {
  return std::max(std::chrono::milliseconds(0), std::chrono::ceil<std::chrono::milliseconds>(until_ - now));
}

}  // namespace maand
