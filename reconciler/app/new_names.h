// Hosts and jobs that go on under another name (R3.6 `was`, `renamed_from`): their
// records get it before anything is planned, in one transaction, and no target runs for
// that. What lies on a worker gets it with the next operation there.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "reconciler/app/journal.h"
#include "reconciler/core/plan.h"
#include "reconciler/core/workspace.h"

namespace maand {

struct NewNames {
  // Jobs that have to wait, and why: an operation under the old name is not settled.
  std::map<JobName, std::string> waiting;
  std::vector<std::string> said;  // what was taken over, as sentences
};

// Reconcile thread. Throws StoreError; done in part it goes on with the next pass.
NewNames take_new_names(Journal& journal, const Workspace& workspace, const SshDefaults& ssh);

// What of it a commit would need that came while a rollout goes on: these jobs wait for
// the next pass.
std::map<JobName, std::string> new_names_to_come(const AppliedState& state, const Workspace& workspace);

}  // namespace maand
