// Who follows the loop to tell of it outside (notifications, commit statuses).
#pragma once

#include "reconciler/core/applied.h"

namespace maand {

struct Memory;
struct PassResult;

// Reconcile thread. Never throws and never blocks for longer than a write to the store.
class PassListener {
 public:
  virtual ~PassListener() = default;
  // Something worth showing changed while a pass runs, or health did outside one: at
  // most a few times a second.
  virtual void moved(const Memory& memory, const AppliedState& state) = 0;
  // After its report was written. `leaving`: it was cut short, and the next daemon goes on.
  virtual void pass_ended(const Memory& memory, const AppliedState& state, const PassResult& result,
                          bool leaving) = 0;
};

}  // namespace maand
