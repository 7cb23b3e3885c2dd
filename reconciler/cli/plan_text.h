// A plan for people: by wave and job, `+` starts, `~` changes, `-` stops, `=` left alone.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "reconciler/cli/context.h"
#include "reconciler/core/file_change.h"
#include "reconciler/core/plan.h"

namespace maand {

// Files of an action; empty function: none are shown.
using ChangedFiles = std::function<std::vector<FileChange>(const PlannedAction&)>;

struct PlanText {
  std::string body;     // waves and what waits; "" where there is nothing of either
  std::string summary;  // one line: `Plan: 2 to start, 1 to restart; 37 unchanged; 1 job held`
};
PlanText plan_text(const Plan& plan, const ChangedFiles& files, bool color);

// How many of which action, {"start":2,"restart":1}, as JSON.
std::string plan_counts_json(const Plan& plan);

}  // namespace maand
