#include "reconciler/core/rollout_order.h"

#include <algorithm>
#include <map>

#include "reconciler/core/text.h"

namespace maand {

std::vector<std::string> rollout_order_from(std::string_view value) {
  std::vector<std::string> out;
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    const std::string part(trim(value.substr(0, comma)));
    if (!part.empty() && std::find(out.begin(), out.end(), part) == out.end()) out.push_back(part);
    value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
  }
  return out;
}

bool put_in_order(JobPlan& plan, const std::vector<std::string>& order) {
  std::map<std::string_view, std::size_t> rank;
  for (std::size_t i = 0; i < order.size(); ++i) rank.emplace(order[i], i);
  std::map<WorkerHost, std::size_t> place;
  for (const ActiveAllocation& active : plan.active) {
    auto found = rank.find(active.endpoint->address);
    if (found == rank.end()) found = rank.find(active.key.worker.str());
    if (found != rank.end()) place.emplace(active.key.worker, found->second);
  }
  if (place.empty()) return false;
  const auto before = [&](const auto& a, const auto& b) {
    const auto left = place.find(a.key.worker), right = place.find(b.key.worker);
    if (left == place.end() || right == place.end()) return left != place.end() && right == place.end();
    return left->second < right->second;
  };
  std::stable_sort(plan.starts.begin(), plan.starts.end(), before);
  std::stable_sort(plan.upgrades.begin(), plan.upgrades.end(), before);
  std::stable_sort(plan.active.begin(), plan.active.end(), before);
  plan.hooks.ordered = true;
  return true;
}

}  // namespace maand
