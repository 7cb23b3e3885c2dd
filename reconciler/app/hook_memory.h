// What passes remember of hooks, and what of it outlives the daemon.
#pragma once

#include <map>
#include <string>

#include "reconciler/app/owed_rounds.h"
#include "reconciler/core/ids.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/values.h"

namespace maand {

// From one pass to the next.
struct HookMemory {
  // pre_deploy of a rollout that is not through, or of a job that waits for a value.
  struct PreDeploy {
    TreeId tree;
    ValueSnapshotPtr after;  // the values once it had run
    std::string failure;     // of a job that waits; empty: it succeeded
  };
  std::map<JobName, PreDeploy> pre_deploy;
  CommitId post_build_of;  // whose post_build failed last
  std::string post_build_failure;
  OwedRounds rounds;
};

// Kept with the store. All throw StoreError.
//
// The newest commit whose post_build commands all succeeded.
CommitId post_built(Store& store);
void keep_post_built(Store& store, const CommitId& commit);
// Jobs that began a rollout with this tree and owe its last hooks (PlanSettings::owed_hooks).
std::map<JobName, TreeId> owed_hooks(Store& store);
void owe_hooks(Store& store, const std::map<JobName, TreeId>& more);
void settle_hooks(Store& store, const JobName& job, const TreeId& tree);

}  // namespace maand
