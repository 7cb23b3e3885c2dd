#include "reconciler/core/hook_environment.h"

namespace maand {

HookEnvironment hook_environment(const HookRound& round,
                                 const std::function<std::string(const WorkerHost&)>& address_of) {
  const auto listed = [&](const std::vector<AllocationKey>& keys) {
    std::string out;
    for (const AllocationKey& key : keys) out += (out.empty() ? "" : ",") + address_of(key.worker);
    return out;
  };
  if (round.event == HookEvent::kJobControl && !round.target.empty()) return {{"TARGET", round.target}};
  if (round.event == HookEvent::kJobControl)
    return {{"UPDATED_ALLOCATIONS", listed(round.updated)}, {"NEW_ALLOCATIONS", listed(round.fresh)}};
  if (round.event != HookEvent::kStarted && round.event != HookEvent::kStopped) return {};
  const bool stop = round.event == HookEvent::kStopped;
  return {{"BATCH_ALLOCATIONS", listed(round.members)},
          {"BATCH_INDEX", std::to_string(round.batch_index)},
          {"BATCH_COUNT", std::to_string(round.batch_count)},
          {"DEPLOY_PHASE", round.phase},
          {"ROLLOUT_ORDER", listed(round.order)},
          {"ROLLOUT_ORDER_SOURCE", stop                  ? ""
                                   : round.order_from_kv ? "kv"
                                                         : "default"}};
}

}  // namespace maand
