// What a worker keeps of itself and of our operations, and whom it lets write for that
// (R3.5, R3.12, R7.3). For fakes: the real one is the worker script.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "reconciler/core/ports.h"

namespace maand::testing {

struct WorkerMemory {
  std::string instance;     // empty: nothing was ever there, or it was wiped
  WorkerHost marked;        // whose marker it is
  std::uint64_t epoch = 0;  // newest that was seen
  std::map<JobName, RecalledJob> jobs;
  std::map<JobName, std::uint64_t> moved;  // number of the operation that took a job away under another name

  // Why it is not the worker that `operation` is for, or not that controller's any more.
  std::optional<Outcome> refusal(const Operation& operation) const;
  // The same of one that is to begin; nullopt: from now on marker and epoch are those.
  std::optional<Outcome> admit(const Operation& operation);
  // `outcome`: of its receipt; nullopt: there is none yet.
  void remember(const Operation& operation, const std::optional<Outcome>& outcome);
  void tell(const WorkerHost& host, const WorkerHost& was, Recalled& out) const;
};

}  // namespace maand::testing
