// after_allocation_started and after_allocation_stopped of batches that were begun: on record before the
// first operation of the batch, until they have run. So what a killed daemon had just confirmed, and what was
// confirmed only once its worker could be asked, is not without them (workspace.md 9.5, R7.1).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/job_hooks.h"
#include "reconciler/core/ports.h"

namespace maand {

struct OwedRound {
  HookRound round;  // `members`: of whom it is not known yet that they have run for them
  TreeId tree;      // of the batch
  // The last operation of each member when the batch began; empty: it had none.
  std::map<AllocationKey, OperationId> before;
};

// What is owed by now, as far as it is known how the batch ended for a member: a target of it, and nothing
// since, was confirmed there. `rounds` keeps these, and those whose operation is still open; the others are
// dropped, for nothing of the batch counts there.
std::vector<HookRound> owed_now(std::vector<OwedRound>& rounds, const AppliedState& applied);

// Rounds on record, in the order in which they began. Reconcile thread. All that take a store throw
// StoreError.
class OwedRounds {
 public:
  // `round` is to follow the batch that is about to begin, with nothing of it begun.
  void put_down(Store& store, const HookRound& round, const TreeId& tree, const AppliedState& applied);
  // Whether the batch of this member that is going on is on record.
  bool has(const AllocationKey& key, HookEvent event) const;
  // A rollout of the job begins anew, and so do its batches.
  void forget_batch(const JobName& job);
  // They have run for all of its members, or nobody is there to run.
  void settle(Store& store, const HookRound& round);
  // owed_now(), and what is on record is as it says.
  std::vector<HookRound> due(Store& store, const AppliedState& applied);

 private:
  std::vector<OwedRound>& rounds(Store& store);
  void keep(Store& store, std::vector<OwedRound> rounds);

  bool read_ = false;
  std::vector<OwedRound> rounds_;
  std::map<AllocationKey, HookEvent> batches_;  // going on, by member
};

}  // namespace maand
