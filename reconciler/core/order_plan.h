// An operator's order → which allocations, in which batches, and why not the others.
//
// A start brings what the workspace wants there, as the next pass would. A restart brings
// nothing: where something newer waits, it runs the target on what lies there, so that no order
// goes round a window, a hold or a batch that is not due. Of a job with job_control commands these stand in
// for the target (workspace.md 11.1): for all allocations that are chosen at once, with TARGET.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "reconciler/core/desired.h"
#include "reconciler/core/job_order.h"
#include "reconciler/core/plan.h"

namespace maand {

// What one operation is put on record with, where that is not what its job says.
struct OrderTerms {
  TreeId tree;
  CommitId commit;
};

// An allocation that nothing is begun on.
struct LeftOut {
  AllocationKey key;
  bool wrong = false;  // what was asked for is not so; else it was so before
  std::string why;     // `it runs`, `disabled.json names it`
};

struct OrderPlan {
  // Nothing at all is done, and why; empty: it is.
  std::string refused;
  bool unknown = false;  // refused: what was named is not there
  JobPlan job;           // without demands, holds and ports that change hands: only its own limits count
  std::map<AllocationKey, OrderTerms> terms;
  std::vector<AllocationKey> idle;  // of a stop: nothing runs there, and nothing is to come up
  std::vector<LeftOut> left;        // by worker

  bool begins() const { return job.has_actions(); }
};

// `settings`: whose suspensions, limits and holds of the moment count. Pure; cost: one look at
// every allocation on record.
OrderPlan plan_order(const JobOrder& order, const DesiredState& desired, const AppliedState& applied,
                     const PlanSettings& settings);

}  // namespace maand
