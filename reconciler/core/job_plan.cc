#include "reconciler/core/job_plan.h"

#include <utility>

namespace maand {

void JobPlan::hold(Reason reason, std::string detail) {
  held = true;
  held_reason = reason;
  held_detail = std::move(detail);
  drains.clear();
  removals.clear();
  starts.clear();
  upgrades.clear();
  bake_left = {};
  hooks = {};
  rollback = false;
}

std::string sentence(const PlannedAction& action) {
  std::string out = action.key.str() + ": ";
  out += action.action == Action::kNone ? "left alone" : to_string(action.action);
  out += ", because ";
  if (action.reason == Reason::kVersionChanged) {
    out += "the version changes from " + action.current_version + " to " + action.new_version;
  } else {
    out += explain(action.reason);
    if (!action.detail.empty()) out += " (" + action.detail + ")";
  }
  if (!action.after.empty()) out += ", " + action.after;
  return out;
}

}  // namespace maand
