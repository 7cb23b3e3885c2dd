#include "reconciler/core/health_gate.h"

#include <algorithm>

namespace maand {

void HealthGate::open(const HealthSpec& spec, Instant now) {
  members_.clear();
  unhealthy_ = 0;
  asked_ = 0;
  rounds_left_ = std::max(kNeeded, spec.attempts);
  interval_ = spec.interval;
  next_round_ = now;
}

void HealthGate::add(std::size_t allocation, bool exempt) {
  members_[allocation].exempt = exempt;
  ++unhealthy_;
}

std::vector<std::size_t> HealthGate::due(Instant now) {
  if (verdict() != Verdict::kOpen || asked_ > 0 || now < next_round_) return {};
  --rounds_left_;
  next_round_ = now + interval_;
  std::vector<std::size_t> probes;
  for (auto& [allocation, member] : members_) {
    if (member.healthy()) continue;
    member.asked = true;
    probes.push_back(allocation);
  }
  asked_ = probes.size();
  return probes;
}

bool HealthGate::on_probe(std::size_t allocation, bool healthy) {
  const auto found = members_.find(allocation);
  if (found == members_.end() || !found->second.asked) return false;
  Member& member = found->second;
  member.asked = false;
  --asked_;
  member.in_a_row = healthy ? member.in_a_row + 1 : 0;
  if (!member.healthy()) return false;
  --unhealthy_;
  return true;
}

HealthGate::Verdict HealthGate::verdict() const {
  if (unhealthy_ == 0) return Verdict::kPassed;
  if (asked_ > 0 || rounds_left_ > 0) return Verdict::kOpen;
  return failing().empty() ? Verdict::kPassed : Verdict::kFailed;
}

std::vector<std::size_t> HealthGate::failing() const {
  std::vector<std::size_t> out;
  for (const auto& [allocation, member] : members_) {
    if (!member.healthy() && !member.exempt) out.push_back(allocation);
  }
  return out;
}

std::optional<Instant> HealthGate::wake_at() const {
  if (asked_ > 0 || verdict() != Verdict::kOpen) return std::nullopt;
  return next_round_;
}

}  // namespace maand
