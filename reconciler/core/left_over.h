// Directories of jobs that left a worker: which of them may go (`maand gc`).
//
// A worker offers only those whose newest operation was a removal that came to its end
// (worker_gc.sh). Here is what else speaks for keeping one.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/desired.h"

namespace maand {

struct LeftOver {
  AllocationKey key;
  std::int64_t kib = 0;
  WallTime removed_at{};
};

// What `host` printed. nullopt: it did not tell everything, and `problem` says why.
std::optional<std::vector<LeftOver>> parse_left_over(std::string_view output, const WorkerHost& host,
                                                     std::string& problem);

// Why it stays; empty: it may go. `desired`: of the newest commit.
std::string why_kept(const LeftOver& one, const AppliedState& applied, const DesiredState& desired,
                     std::chrono::hours retain, WallTime now);

struct TakenAway {
  std::vector<JobName> gone;
  std::vector<std::pair<JobName, std::string>> kept;  // and why
  bool whole = false;                                 // it told all
};
TakenAway parse_taken_away(std::string_view output);

}  // namespace maand
