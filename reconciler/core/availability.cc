#include "reconciler/core/availability.h"

#include <algorithm>
#include <utility>

namespace maand {
namespace {

constexpr std::size_t kNamed = 10;  // more names than this help nobody

}  // namespace

int availability_limit(const JobPlan& plan) {
  if (plan.policy.max_unavailable) return *plan.policy.max_unavailable;
  const int quarter = (static_cast<int>(plan.active.size()) + 3) / 4;
  return std::max({1, plan.max_concurrent_upgrades, quarter});
}

Availability::Availability(const JobPlan& plan) : limit_(availability_limit(plan)) {
  entries_.reserve(plan.active.size());
  for (const ActiveAllocation& active : plan.active) {
    entries_.push_back({&active.key, active.health, active.failed, false, {}});
    judge(entries_.size() - 1);
  }
}

void Availability::judge(std::size_t allocation) {
  const Entry& entry = entries_[allocation];
  if (entry.failed || entry.stopped || entry.health == Health::kUnhealthy || !entry.out_of_reach.empty()) {
    unavailable_.insert(allocation);
  } else {
    unavailable_.erase(allocation);
  }
}

void Availability::set_health(std::size_t allocation, Health health) {
  entries_[allocation].health = health;
  judge(allocation);
}

void Availability::set_failed(std::size_t allocation, bool failed) {
  entries_[allocation].failed = failed;
  judge(allocation);
}

void Availability::set_stopped(std::size_t allocation, bool stopped) {
  entries_[allocation].stopped = stopped;
  judge(allocation);
}

void Availability::set_out_of_reach(std::size_t allocation, std::string why) {
  entries_[allocation].out_of_reach = why.empty() ? "set aside" : std::move(why);
  judge(allocation);
}

std::string Availability::sentence() const {
  std::string out;
  std::size_t named = 0;
  for (const std::size_t allocation : unavailable_) {
    if (named == kNamed) {
      out += " and " + std::to_string(unavailable_.size() - named) + " more";
      break;
    }
    const Entry& entry = entries_[allocation];
    out += (named++ ? ", " : "") + entry.key->str() + " (";
    if (!entry.out_of_reach.empty()) {
      out += entry.out_of_reach;
    } else {
      out += entry.failed ? "its last target failed" : entry.stopped ? "stopped for a port" : "unhealthy";
    }
    out += ")";
  }
  if (!out.empty()) out += "; ";
  return out + std::to_string(unavailable_.size()) + " of " + std::to_string(entries_.size()) +
         " are unavailable, at most " + std::to_string(limit_) + " may be";
}

}  // namespace maand
