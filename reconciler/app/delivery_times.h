// How long a push takes: until it is seen, verified, applied and healthy.
//
// The push is the commit's committer time, or the moment at which a webhook
// announced it, where one did. Each job counts once for each commit, with all
// stages that it came to, when its rollout is done. Not counted: the commit that
// the first look after a start finds (its push may be months old), rollouts
// of it, and content older than the newest commits.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/core/ports.h"
#include "reconciler/core/rollout.h"

namespace maand {

enum class DeliveryStage { kSeen, kVerified, kApplied, kHealthy };
const char* to_string(DeliveryStage stage);  // "seen", …

// Thread-safe. Keeps the newest 64 commits.
class DeliveryTimes {
 public:
  // Told each measured time. Never negative: a clock that runs ahead counts as 0.
  using Sink = std::function<void(const JobName&, DeliveryStage, std::chrono::nanoseconds since_push)>;
  explicit DeliveryTimes(Sink sink) : sink_(std::move(sink)) {}

  // A webhook said that it was pushed. What is announced need not ever be seen.
  void announced(const CommitId& commit, WallTime at);
  // ls-remote showed it.
  void seen(const CommitId& commit, WallTime at);
  // It passed every policy and is converged to. Only the first time counts.
  void accepted(const CommitInfo& commit, WallTime at);
  // A target of the job, of that commit, was confirmed.
  void confirmed(const JobName& job, const CommitId& commit, WallTime at);
  // How the jobs fare. One that is done is counted; healthy when all allocations that it acted on are.
  void moved(const std::vector<JobReport>& jobs, WallTime at);

 private:
  struct Known {
    CommitId commit;
    std::optional<WallTime> pushed, seen, accepted;
    std::map<JobName, WallTime> confirmed;
    std::set<JobName> counted;
  };
  Known* find(const CommitId& commit);
  Known& put(const CommitId& commit);
  void count(Known& known, const JobReport& job, WallTime at);

  const Sink sink_;
  std::mutex mutex_;
  std::deque<Known> known_;  // oldest first
  bool looked_ = false;
};

}  // namespace maand
