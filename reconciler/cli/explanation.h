// Why a job, or one allocation of it, is as it is: facts from every side, put
// into one answer.
#pragma once

#include <string>
#include <vector>

#include "reconciler/cli/judged_head.h"
#include "reconciler/cli/listing.h"
#include "reconciler/cli/status_view.h"
#include "reconciler/core/ids.h"

namespace maand {

struct Explanation {
  struct Allocation {
    AllocationKey key;
    std::string action;  // what the plan would do; `none`
    std::string reason;  // R2.1
    std::string sentence;
    std::string waits;     // set-aside worker, newest failure; empty: nothing is known to
    std::string capacity;  // a sentence: what its worker has and what is reserved of it; empty: not placed
  };
  std::string commit;  // what was judged
  JobName job;
  bool held = false;
  std::string reason, detail;         // of the job: held, or waiting (state tells which)
  std::string state;                  // "held", "waiting" or ""
  std::vector<std::string> problems;  // why it does not load, and other errors that hold it
  std::vector<Allocation> allocations;
  Listing ports;                        // of the job, as `cat job_ports` shows them
  std::string reserves;                 // a sentence; empty: nothing
  std::vector<std::string> not_placed;  // sentences
};

// `status` is what the daemon or the store says of now. REQUIRES: head.desired.
// Throws CommandError(kExitUsage) for a job nobody knows.
Explanation explain_allocation(const JudgedHead& head, const StatusView& status, const AllocationKey& which);

}  // namespace maand
