// May a job begin, as far as the jobs it demands are concerned? (R2.8)
//
// An upstream blocks while its own rollout in this machine is unfinished or
// failed, or while the version its reachable active allocations run is outside
// the demand's bounds. Held but healthy at its last good content does not block,
// and one the machine does not know has nothing to do: it is fine.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/plan.h"
#include "reconciler/core/rollout.h"

namespace maand {

// What there is to know of an upstream.
struct Upstream {
  bool over = false;  // its rollout has ended, one way or another
  JobReport::State state = JobReport::State::kPending;
  Reason reason = Reason::kUnchanged;
  std::string detail;
  struct Running {
    AllocationKey key;
    std::string version;  // confirmed, as of now
  };
  std::vector<Running> running;  // its reachable active allocations
};

struct UpstreamVerdict {
  enum class Kind { kGo, kWait, kBlocked } kind = Kind::kGo;
  JobName upstream;    // kWait: to be asked again when this one is over
  std::string detail;  // kBlocked: the chain, as a sentence
};

// `look` is called once per demand; nullopt = unknown.
UpstreamVerdict judge_upstreams(const JobPlan& plan,
                                const std::function<std::optional<Upstream>(const JobName&)>& look);

}  // namespace maand
