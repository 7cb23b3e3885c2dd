// Operations that an earlier daemon did not live to confirm, and whose workers still wait
// (R2.9 confirm_seconds): they have their gate now, and are confirmed if they pass it.
#pragma once

#include <functional>
#include <vector>

#include "reconciler/app/settling.h"
#include "reconciler/core/model.h"

namespace maand {

struct OwedConfirmation {
  AllocationKey key;
  HealthSpec health;            // of the content that was begun
  Seconds within{0};            // by then its worker has gone back, if it was not confirmed
  bool keeps_way_back = false;  // its job goes back as a whole when its rollout fails (R5.2)
};

// What a settling has left waiting, as far as its content is known and nothing speaks
// against it. The others their workers take back.
std::vector<OwedConfirmation> owed_confirmations(const std::vector<AllocationKey>& pending,
                                                 const AppliedState& applied,
                                                 const std::map<JobName, Job>& jobs);

// Reconcile thread. All at once, and none longer than its worker waits; `stop` ends the wait early. Adds what
// was taken back meanwhile to `result`, and takes out of its count what is settled. Throws StoreError.
void confirm_owed(const SettlingDeps& deps, const std::vector<OwedConfirmation>& owed,
                  const std::function<bool()>& stop, SettlingResult& result);

}  // namespace maand
