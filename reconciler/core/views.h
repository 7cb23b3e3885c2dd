// JSON renderings shared by the API, the `--json` of commands and history: one
// stable schema (interface.md). Always valid UTF-8, whatever bytes the values hold.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/file_change.h"
#include "reconciler/core/plan.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/rollout.h"
#include "reconciler/core/status.h"

namespace maand {

// The part of an applied allocation that people see.
struct AllocationView {
  AllocationKey key;
  std::string state;  // running, stopped, failed, unsettled
  std::string version;
  CommitId commit;
  Health health = Health::kUnprobed;
  std::string last_target;
  std::string last_result;
  OperationId last_operation;
  std::optional<Drift> drift;           // R5.9: unset where all is in order
  std::optional<StoppedBy> stopped_by;  // R5.7
};
AllocationView view_of(const AppliedAllocation& allocation);

// One JSON object each.
std::string json_of(const AllocationView& allocation);
std::string json_of(const PlannedAction& action);
std::string json_of(const JobReport& job);
std::string json_of(const FileChange& change);
std::string json_of(const Plan& plan);
// With `files` in every action; `more`: members that are added at the end, each a name and JSON.
std::string json_of(const Plan& plan,
                    const std::function<std::vector<FileChange>(const PlannedAction&)>& files,
                    const std::vector<std::pair<std::string, std::string>>& more);
std::string json_of(const PassRecord& pass);

// The JSON array of what json_of gives for each.
template <class Items>
std::string json_list(const Items& items) {
  std::string out = "[";
  for (const auto& item : items) {
    if (out.size() > 1) out += ",";
    out += json_of(item);
  }
  return out + "]";
}

}  // namespace maand
