// plan + outcomes → what a pass is reported as: the git note, `maand status`, history.
//
// One structure, three renderings. Never holds output of targets or hooks, and
// never a secret (R4.3).
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "reconciler/core/diagnostics.h"
#include "reconciler/core/plan.h"
#include "reconciler/core/rollout.h"

namespace maand {

// R4.2. `pending` and `applying` may still become any of the others.
enum class PassState { kPending, kApplying, kApplied, kDegraded, kHeld, kRefused, kSuperseded, kRolledBack };
const char* to_string(PassState state);            // "pending", …
PassState pass_state_from(std::string_view word);  // kPending for an unknown word

// One allocation that was acted on, or is not as it should be.
struct AllocationStatus {
  AllocationKey key;
  Action action = Action::kNone;
  Reason reason = Reason::kUnchanged;
  std::string current_version;
  std::string new_version;
  std::string outcome;  // succeeded, failed, interrupted, set-aside, not-reached, running, waiting
  Health health = Health::kUnprobed;
  std::chrono::milliseconds duration{0};
  OperationId operation;
  std::string detail;
};

// Held, but not for a person to act: the missing value may come from elsewhere, the window opens.
bool goes_on_by_itself(Reason reason);

// A job that does not go on by itself, and why (held), or waits for another thing (waiting).
struct JobStatus {
  JobName job;
  bool held = false;
  Reason reason = Reason::kUnchanged;
  std::string detail;
};

struct Attempt {  // an earlier pass over the same commit (R4.2)
  std::string cause;
  std::string finished_at;
  std::string state;
};

struct PassStatus {
  BucketId bucket;
  std::string bucket_name;
  CommitId commit;
  PassState state = PassState::kPending;
  std::string cause;  // R1.10: commit, operator, value, certificate, heal, recovery
  WallTime started_at{};
  WallTime finished_at{};
  std::map<std::string, std::size_t> counts;  // "restarted" → 2, …, "unchanged" → 37
  std::vector<AllocationStatus> allocations;
  std::vector<JobStatus> jobs;
  std::vector<Diagnostic> diagnostics;
  std::vector<std::string> remarks;  // sentences, for example that history was rewritten
  std::vector<Attempt> attempts;     // at most 10, oldest first
};

// Folds a plan and what became of it into `status`: allocations, jobs, counts,
// state. `finished` tells an ended rollout from one that is still going on.
void fold(PassStatus& status, const Plan& plan, const std::vector<JobReport>& reports, bool finished);

// Adds what was done for the same commit before: lines of allocations that `status`
// does not act on. A pass that finds nothing left to do must not make a note forget.
void carry_over(PassStatus& status, const std::vector<AllocationStatus>& earlier);

// `2 restarted, 1 started, 1 stopped, 37 unchanged`
std::string summary(const PassStatus& status);

// The bucket's section of the note (R4.1), without a final newline.
std::string note_text(const PassStatus& status);
// The bucket's entry of the note's JSON, at most 200 allocations and 64 KiB (R4.3).
std::string note_json(const PassStatus& status);
// The lines of an entry that note_json wrote whose action succeeded; empty for
// anything else.
std::vector<AllocationStatus> done_in(const std::string& note_json);
// The attempts kept in an entry that note_json wrote; empty for anything else.
std::vector<Attempt> attempts_of(const std::string& note_json);

// RFC 3339 in UTC with milliseconds.
std::string rfc3339(WallTime time);

}  // namespace maand
