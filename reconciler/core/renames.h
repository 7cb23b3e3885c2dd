// A job that is gone, and one that is new: is it the same under another name
// (`renamed_from` of manifest.json)?
#pragma once

#include <map>
#include <string>
#include <vector>

#include "reconciler/core/plan.h"
#include "reconciler/core/workspace.h"

namespace maand {

// Jobs that nobody says are renamed and that look it: most files of one are those of the
// other. Both wait for a word (kLooksRenamed), since what is begun anew has no data.
struct Lookalikes {
  std::map<JobName, std::string> by_gone;  // job that left → what it looks like
  std::map<JobName, std::string> by_new;
};
// Nobody whose removal was released. Cost: nothing unless a job is gone and another is new.
Lookalikes find_lookalikes(const DesiredState& desired, const AppliedState& applied,
                           const PlanSettings& settings);

// What a workspace says of renames, against what is applied.
struct Renames {
  std::vector<std::pair<AllocationKey, AllocationKey>> ready;  // from, to: nothing of it is under way
  // Jobs that have to wait with everything, since an operation of the job they were is not settled.
  std::map<JobName, std::string> waiting;
};
Renames pending_renames(const Workspace& workspace, const AppliedState& applied);

// The record under its new name, or on its new host. What lies there lies where it was
// until an operation moves it; no target has run for that.
AppliedAllocation renamed(const AppliedAllocation& before, const AllocationKey& now);

}  // namespace maand
