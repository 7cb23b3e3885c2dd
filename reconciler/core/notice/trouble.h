// What is not as it should be, at the moment: each thing with a key that stays and a state
// that changes. Told apart by these two, never by words.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/notice/urgency.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/status.h"

namespace maand {

struct Trouble {
  // `source`, `commit`, `store`, `notes`, `job/api`, `health/api`, `drift/api`, `worker/10.0.0.1`
  std::string key;
  std::string state;  // `Unreachable`, `GateFailed`, …; never empty
  Urgency urgency = Urgency::kWarning;
  std::string title;  // one line
  std::vector<std::string> sentences;
  CommitId commit;
  std::vector<std::string> jobs;
  std::vector<std::string> allocations;  // `api@w1`
  // Not worth a word before it has stood so long: what usually passes by itself.
  std::chrono::milliseconds patience{0};
};

// What the loop knows between two passes. Everything outlives the call.
struct Facts {
  std::string source_state;  // R1.3
  std::string source_detail;
  const PassStatus* status = nullptr;  // of the newest judged commit; null: none was judged yet
  const std::map<WorkerHost, Contact>* set_aside = nullptr;
  const AppliedState* applied = nullptr;
  std::string store_problem;
  std::string notes_problem;
};

// Sorted by key, one for each key. What an operator ordered (suspended, pinned) is
// kInfo. Cost: O(allocations).
std::vector<Trouble> troubles(const Facts& facts);

// Whether `facts` can tell if the trouble behind `key` is over. Before the first commit
// is judged nobody knows anything of jobs and workers.
bool is_known(const Facts& facts, std::string_view key);

}  // namespace maand
