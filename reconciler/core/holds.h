// Why the content of a job cannot be taken from the head, as far as the commit and
// the applied state alone tell (R1.6, R2.6). What only shows when templates are
// rendered is found by `desired`.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "reconciler/core/applied.h"
#include "reconciler/core/pin.h"
#include "reconciler/core/reason.h"
#include "reconciler/core/workspace.h"

namespace maand {

struct Hold {
  Reason reason = Reason::kBroken;
  std::string detail;  // a sentence, or empty
  TreeId held_tree;    // allocations last acted on with this tree are left as they are (R2.6)
};

// Of every job of the workspace of commit `head` that is not to be taken from it; a pin goes before
// whatever else would hold it, and before the removal of a job that has left. Broken jobs that have no
// applied state and no manifest are none (R1.6).
std::map<JobName, Hold> holds_of(const Workspace& workspace, const AppliedState& applied, const Pins& pins,
                                 const CommitId& head);

// Where hooks.enabled is not true: nothing runs on this host because somebody pushed it, so a job that has
// hooks waits, unless something else holds it already.
void hold_hooks(const Workspace& workspace, std::map<JobName, Hold>& holds);

// Which of the jobs of `problem` it holds: those whose part changed, and when none
// did (a worker left, say) all of them (R1.6).
std::vector<JobName> held_by(const BetweenJobs& problem, const Workspace& workspace,
                             const AppliedState& applied);

// R2.6, R5.3: a rollout of exactly this content failed before, be it the last one or another. nullopt: none
// did.
std::optional<Hold> failed_before(const TreeId& tree, const JobRecord& record, const CommitId& head);

bool has_applied_state(const AppliedState& applied, const JobName& job);

}  // namespace maand
