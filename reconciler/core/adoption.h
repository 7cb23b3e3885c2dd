// What an original maand deployed → what our store holds of it, so that nothing of it runs
// again (`maand adopt`).
//
// First what is there, whatever the workspace says by now; then what of its difference to
// the workspace's head has a cause in git, and what has none (R1.10): the original lost the
// modes of files, shipped vars.toml, and rendered in its own way.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/desired.h"
#include "reconciler/core/original_files.h"

namespace maand {

// How an allocation stands.
enum class OriginalStanding {
  kNone,     // nothing of it is there
  kRuns,     // its last deploy went through
  kTorn,     // it runs, and a later deploy has changed its files and did not go through
  kBegun,    // its first deploy did not go through: whether it runs nobody knows
  kStopped,  // it was disabled, and stopped
};
const char* to_string(OriginalStanding standing);  // "runs", …

// `worker`: null when it could not be read.
// An allocation that its worker does not list, and that is disabled in the database, is taken as stopped.
OriginalStanding standing_of(const OriginalAllocation& allocation, const FoundWorker* worker);

// Does its worker list it, so that whether a deploy has stopped it is known?
bool standing_is_told(const OriginalAllocation& allocation, const FoundWorker* worker);

// REQUIRES: original.problems is empty. `endpoints`: of every worker of the original. Files of
// workers that could not be read stay null; compare_with_head() fills them in.
AppliedState state_as_found(const OriginalBucket& original, const FoundWorkers& found,
                            const std::map<WorkerHost, Endpoint>& endpoints);

// The head of the branch, judged against state_as_found().
struct AdoptingHead {
  const DesiredState& desired;
  // Of every file of the job's directory in git, also of those that are not shipped.
  const std::map<JobName, Md5ByPath>& directories;
  // Values that allocations may read and that are others than the original has kept, as
  // `vars/bucket/size`.
  const std::map<AllocationKey, std::vector<std::string>>& changed_values;
};

// One allocation that was taken over.
struct Taken {
  AllocationKey key;
  OriginalStanding standing = OriginalStanding::kNone;
  std::string version;
  bool read = false;  // on its worker, else from the database
  std::size_t files = 0;
  std::vector<std::string> changed;  // paths that git says otherwise: the next pass acts on them
  std::vector<std::string> by_hand;  // paths that are not as they were deployed
  std::size_t without_cause = 0;     // paths that differ otherwise: shipped with the next change
};

// Completes `state`. What is at the head and has health checks counts as unhealthy until somebody
// has asked it. One Taken per allocation of it, in order.
std::vector<Taken> compare_with_head(AppliedState& state, const OriginalBucket& original,
                                     const FoundWorkers& found, const AdoptingHead& head);

}  // namespace maand
