#include "reconciler/core/upstreams.h"

#include <optional>

#include "reconciler/core/demands.h"

namespace maand {
namespace {

// Empty: the upstream's rollout ended well enough.
std::string why_unfit(const Upstream& upstream) {
  using State = JobReport::State;
  std::string how;
  switch (upstream.state) {
    case State::kFailed:
      how = "failed";
      break;
    case State::kWaiting:
      how = "waits";
      break;
    case State::kStopped:
      how = "was stopped";
      break;
    case State::kRolledBack:
      how = "was rolled back";
      break;
    default:
      return {};
  }
  how += std::string(" (") + to_string(upstream.reason);
  if (!upstream.detail.empty()) how += ": " + upstream.detail;
  return how + ")";
}

}  // namespace

UpstreamVerdict judge_upstreams(const JobPlan& plan,
                                const std::function<std::optional<Upstream>(const JobName&)>& look) {
  if (plan.released || plan.leaving || plan.empties) return {};
  UpstreamVerdict wait;
  for (const Demand& demand : plan.demands) {
    if (demand.job == plan.job) continue;
    const std::optional<Upstream> upstream = look(demand.job);
    if (!upstream) continue;
    if (!upstream->over) {  // another demand may block for good: look on
      wait = {UpstreamVerdict::Kind::kWait, demand.job, {}};
      continue;
    }
    const std::string unfit = why_unfit(*upstream);
    if (!unfit.empty()) {
      return {UpstreamVerdict::Kind::kBlocked, demand.job, "needs " + demand.job.str() + ", which " + unfit};
    }
    for (const Upstream::Running& running : upstream->running) {
      if (within_bounds(demand, running.version)) continue;
      return {UpstreamVerdict::Kind::kBlocked, demand.job,
              "needs " + demand.job.str() + bounds_of(demand) + ", but " + running.key.str() + " runs " +
                  running.version};
    }
  }
  return wait;
}

}  // namespace maand
