// What one worker keeps of our jobs → what the store would hold of them (R7.3).
#pragma once

#include <string>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/plan.h"
#include "reconciler/core/ports.h"

namespace maand {

// Who is asking: what tells operations of this store from those of another one.
struct OwnStore {
  std::string id;
  std::uint64_t epoch = 1;
  std::uint64_t last_seq = 0;
};

struct Reconstruction {
  // As `record_outcome` makes them of the newest operation and its receipt; one without
  // a receipt is left open and is settled like any other.
  std::vector<AppliedAllocation> allocations;
  Forgotten gone;                // the worker knows that nothing of them is left under that name
  std::uint64_t newest_seq = 0;  // of all
  // Some of it was begun by another controller: by one with a newer epoch, or by another
  // store in the same epoch. What a claimed epoch has left behind is ours.
  bool foreign = false;
  std::vector<std::string> remarks;  // what could not be made out, as sentences
};

// REQUIRES: told.condition is kNone.
Reconstruction reconstruct(const Endpoint& worker, const Recalled& told, const OwnStore& own);

// What a worker tells goes beyond what `state` knows to have run there, whichever job it is: begun by another
// controller, or by this one before its store was put back. The rule by which the worker itself refuses
// an operation (worker_run.sh, beyond_known). REQUIRES: told.condition is kNone.
bool beyond_known(const AppliedState& state, const WorkerHost& worker, const Recalled& told);

// Records of jobs as far as their allocations tell them: newest content that was
// confirmed, and content that failed (R2.6), so that it is not tried again unasked.
std::vector<JobRecord> reconstruct_jobs(const AppliedState& state, WallTime now);

}  // namespace maand
