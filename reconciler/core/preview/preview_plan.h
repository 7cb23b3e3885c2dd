// What merging would do, worked out without a secret.
//
// Both sides are rendered with `<secret>`: the head, and the head with the proposed
// commit merged in. What a worker has was rendered with the real ones, so its digests
// say nothing here; where a worker has what the head wants, the head's own masked
// files stand for it. A file then differs exactly when the merge changes it.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "reconciler/core/desired.h"
#include "reconciler/core/plan.h"
#include "reconciler/core/preview/preview.h"

namespace maand {

struct PreviewAction {
  AllocationKey key;
  Action action = Action::kNone;
  Reason reason = Reason::kUnchanged;
  std::string detail;
  std::string current_version;
  std::string new_version;
  friend bool operator==(const PreviewAction&, const PreviewAction&) = default;
};

struct PreviewHold {
  JobName job;
  Reason reason = Reason::kUnchanged;
  std::string detail;
};

struct PreviewPlan {
  PreviewResult result = PreviewResult::kNothing;
  std::map<std::string, std::size_t> counts;  // "restart" → 2
  std::size_t unchanged = 0;
  std::size_t due = 0;  // actions that are due without the merge as well, and not listed
  std::vector<PreviewAction> actions;
  std::vector<PreviewHold> held;  // by the merge
  std::vector<Diagnostic> diagnostics;
  std::vector<std::string> remarks;
};

// `applied` as if it had been rendered with `<secret>`, wherever an allocation has what
// the head wants; elsewhere what was rendered is not known and equals nothing. No digest
// of a real rendering is left. `head`: of the head, with masked sources.
AppliedState masked_applied(AppliedState applied, const DesiredState& head,
                            const std::set<AllocationKey>& unsettled);

// Whether a file of the workspace (`jobs/api/app.conf.tpl`) differs between the two.
using ChangedFile = std::function<bool(const std::string& path)>;

// Of two masked worlds; `applied` as masked_applied gave it. `workspace`: of the merge.
PreviewPlan plan_of_merge(const DesiredState& head, const DesiredState& merged, const Workspace& workspace,
                          const AppliedState& applied, const PlanSettings& settings,
                          const ChangedFile& changed);

// Of a merge whose workspace is refused.
PreviewPlan refused_merge(const Workspace& workspace);

}  // namespace maand
