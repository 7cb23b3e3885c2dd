#include "reconciler/app/delivery_times.h"

#include <algorithm>
#include <utility>

namespace maand {
namespace {

constexpr std::size_t kMostCommits = 64;

// Something of the commit came to run there; a job that only left was not delivered.
bool acted_on(const AllocationReport& allocation) {
  return allocation.state == AllocationReport::State::kDone && ships_files(allocation.action.action);
}

}  // namespace

const char* to_string(DeliveryStage stage) {
  switch (stage) {
    case DeliveryStage::kSeen:
      return "seen";
    case DeliveryStage::kVerified:
      return "verified";
    case DeliveryStage::kApplied:
      return "applied";
    case DeliveryStage::kHealthy:
      return "healthy";
  }
  return "";
}

void DeliveryTimes::announced(const CommitId& commit, WallTime at) {
  const std::lock_guard lock(mutex_);
  Known& known = put(commit);
  if (!known.pushed && !known.seen) known.pushed = at;  // a poll was faster: then it says nothing
}

void DeliveryTimes::seen(const CommitId& commit, WallTime at) {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(looked_, true) && !find(commit)) return;
  Known& known = put(commit);
  if (!known.seen) known.seen = at;
}

void DeliveryTimes::accepted(const CommitInfo& commit, WallTime at) {
  const std::lock_guard lock(mutex_);
  Known* known = find(commit.id);
  if (!known || known->accepted) return;
  known->accepted = at;
  if (!known->pushed) known->pushed = commit.committed_at;
}

void DeliveryTimes::confirmed(const JobName& job, const CommitId& commit, WallTime at) {
  const std::lock_guard lock(mutex_);
  if (Known* known = find(commit)) known->confirmed[job] = at;
}

void DeliveryTimes::moved(const std::vector<JobReport>& jobs, WallTime at) {
  const std::lock_guard lock(mutex_);
  for (const JobReport& job : jobs) {
    if (job.state != JobReport::State::kDone) continue;
    Known* known = find(job.commit);
    if (known && known->seen && known->accepted && known->counted.count(job.job) == 0) count(*known, job, at);
  }
}

void DeliveryTimes::count(Known& known, const JobReport& job, WallTime at) {
  const auto confirmed = known.confirmed.find(job.job);
  const bool delivered = std::any_of(job.allocations.begin(), job.allocations.end(), acted_on);
  if (confirmed == known.confirmed.end() || !delivered) return;
  known.counted.insert(job.job);
  const auto tell = [&](DeliveryStage stage, WallTime when) {
    sink_(job.job, stage, std::max(when - *known.pushed, WallTime::duration::zero()));
  };
  tell(DeliveryStage::kSeen, *known.seen);
  tell(DeliveryStage::kVerified, *known.accepted);
  tell(DeliveryStage::kApplied, confirmed->second);
  const bool healthy =
      std::all_of(job.allocations.begin(), job.allocations.end(), [](const AllocationReport& allocation) {
        return !acted_on(allocation) || allocation.health == Health::kHealthy;
      });
  if (healthy) tell(DeliveryStage::kHealthy, at);
}

DeliveryTimes::Known* DeliveryTimes::find(const CommitId& commit) {
  const auto it = std::find_if(known_.rbegin(), known_.rend(),
                               [&](const Known& known) { return known.commit == commit; });
  return it == known_.rend() ? nullptr : &*it;
}

DeliveryTimes::Known& DeliveryTimes::put(const CommitId& commit) {
  if (Known* known = find(commit)) return *known;
  if (known_.size() == kMostCommits) known_.pop_front();
  known_.push_back({});
  known_.back().commit = commit;
  return known_.back();
}

}  // namespace maand
