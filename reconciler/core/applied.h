// AppliedState: what workers have confirmed, and what is known to be unsettled.
//
// One record per allocation that was ever touched. `record_outcome` is the only
// way an operation changes it, so that the store, the fake store and a replay
// agree (R3.4, R7.1).
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/drift.h"
#include "reconciler/core/files.h"
#include "reconciler/core/ids.h"
#include "reconciler/core/model.h"
#include "reconciler/core/operation.h"
#include "reconciler/core/outcome.h"
#include "reconciler/core/port_table.h"

namespace maand {

using WallTime = std::chrono::system_clock::time_point;

enum class LastResult { kNone, kConfirmed, kFailed, kInterrupted };
const char* to_string(LastResult result);
LastResult last_result_from(std::string_view word);

struct StoppedBy {  // R5.7
  std::string actor;
  std::string reason;
  WallTime since{};
  WallTime until{};  // unset: until an operator starts it again
  bool over(WallTime now) const { return until != WallTime{} && now >= until; }
  friend bool operator==(const StoppedBy&, const StoppedBy&) = default;
};

// What was confirmed on an allocation before the rollout that is not through yet: what
// a rollback puts back (R5.2). A newer rollout on top of one that is not through
// leaves it as it is.
struct ConfirmedBefore {
  bool running = false;  // false: new in this rollout, and a rollback stops it
  std::string version = "0.0.0";
  FileSetPtr files;  // null: none
  RenderedWith rendered_with;
  Digest baseline;
  CommitId commit;
  TreeId tree;
  std::vector<int> holds;
};

struct AppliedAllocation {
  AllocationKey key;
  Endpoint endpoint;  // as of the last contact (R3.9)

  bool running = false;           // the last confirmed target is not `stop`
  std::string version = "0.0.0";  // CURRENT_VERSION: last confirmed here
  FileSetPtr files;               // last list that landed whole; null = never synced or removed
  RenderedWith rendered_with;     // of `files`
  Digest baseline;                // counts as equal to files->digest (R1.10); empty = none
  CommitId commit;                // of the last operation that was confirmed
  WallTime confirmed_at{};        // when it was; unset: by a maand that did not keep it
  TreeId tree;                    // job tree the allocation was last acted on with, confirmed or not

  LastResult last = LastResult::kNone;  // how the last operation with a target ended
  Target last_target = Target::kNone;
  OperationId last_operation;
  int attempts = 0;              // failures in a row at `tree`
  int interruptions = 0;         // interruptions in a row
  std::string interrupted_boot;  // boot id at the last one (RebootLoop, R3.4)
  bool missing_target = false;   // the last failure was MissingTarget
  bool stop_failed = false;      // R3.10: tried again with each new head
  CommitId attempted_head;       // head of the pass that began the last operation
  bool reboot_loop = false;      // interrupted again, by another boot (R3.4)
  Health health = Health::kUnprobed;
  std::optional<StoppedBy> stopped_by;
  std::optional<Drift> drift;  // R5.9: as of the last look
  // Numbers of the ports that what runs there may listen on, ascending: those of the
  // last target that was confirmed, and of every one since that may have come so far.
  // Empty once a stop is confirmed.
  std::vector<int> holds;

  // The job it was before it was renamed, until its directory has moved ("renamed_from").
  JobName moved_from;
  std::optional<ConfirmedBefore> before;  // only of jobs whose failure rolls back
  TreeId rolled_back_from;                // hold key of the rollout it was taken back from; empty: none

  // Newest operation that is known to have run here; what a worker has beyond it was begun
  // with another store (R7.3). 0: none.
  std::uint64_t ran_seq = 0;
  std::optional<Operation> open;  // begun and not settled ("torn")
};

// R5.3: a hold key that failed and is not tried again.
struct FailedKey {
  TreeId tree;
  CommitId commit;
  std::string reason;
  std::string detail;
  WallTime since{};
  bool rolled_back = false;  // and what was confirmed before it was put back
  friend bool operator==(const FailedKey&, const FailedKey&) = default;
};

// How far going back from a failed rollout is (R5.2).
enum class Rollback {
  kNone,
  kDue,     // not begun: a newer content of the job makes it needless
  kBegun,   // is finished, whatever comes
  kDone,    // what was confirmed before runs
  kFailed,  // waits for a person
};
const char* to_string(Rollback rollback);
Rollback rollback_from(std::string_view word);

// What is known of a worker besides its allocations. There is one of every worker whose
// own records were read by this store, or that an operation of it succeeded on.
struct WorkerRecord {
  WorkerHost host;
  std::string instance;       // id of its marker (R3.5); empty: not seen yet
  bool adopt_marker = false;  // an operator trusts whatever marker lies there, until it is seen
  WorkerHost was;             // its marker may still bear this name (R3.6), until it is seen
  // R3.9: it left the workspace with something of ours on it, and since when it could
  // not be reached; unset: it could, the last time.
  WallTime away_since{};
  WallTime tried_at{};  // last try since the grace for that was over; unset: it is not
  friend bool operator==(const WorkerRecord&, const WorkerRecord&) = default;
};

// Applied state of a job as a whole.
struct JobRecord {
  JobName job;
  // Newest content that loaded and is not held: the target of a broken or held
  // job (R1.7). Empty: none yet.
  CommitId target_commit;
  TreeId target_tree;
  // Newest content every reachable allocation of the job was seen healthy with.
  CommitId good_commit;
  TreeId good_tree;
  // A failed rollout (R2.6): not tried again until the hold key changes. Empty: none.
  std::string held_reason;
  std::string held_detail;
  TreeId held_tree;
  CommitId held_commit;
  WallTime held_since{};
  // Of the failed rollout above.
  Rollback rollback = Rollback::kNone;
  std::string failed_version;
  int failures = 0;  // allocations that failed
  // Keys that failed earlier, newest last; at most kKeptFailedKeys.
  std::vector<FailedKey> failed_keys;
  // What a batch has still to bake (R2.9), and of which content; 0: nothing.
  TreeId bake_tree;
  std::chrono::milliseconds bake_left{0};
  int wave = 0;  // deployment sequence as of the last plan; jobs that leave stop in reverse (R2.3)
  // maand release JOB (R2.5, R2.8): lets the job pass at this tree.
  TreeId released_tree;
};

// Allocations that are not on record any more, and the newest operation that ran there.
using Forgotten = std::map<AllocationKey, std::uint64_t>;

// Sorted by (job, worker): planning merges it with the desired allocations.
struct AppliedState {
  std::map<AllocationKey, AppliedAllocation> allocations;
  std::map<JobName, JobRecord> jobs;
  PortTable ports;
  std::map<WorkerHost, WorkerRecord> workers;
  CommitId head;     // last commit that was judged
  CommitId applied;  // last commit whose pass ended `applied`
  std::uint64_t last_seq = 0;
  Forgotten forgotten;
  // Whatever ran before it, anywhere, is known: as of when the workers were claimed last (R7.3).
  std::uint64_t claimed_seq = 0;
  std::uint64_t epoch = 1;

  const AppliedAllocation* find(const AllocationKey& key) const;
  // The newest operation that is known to have run there, on record or not. 0: none.
  std::uint64_t ran_seq(const AllocationKey& key) const;
  // Nothing is on record: the store is new, or it was lost (R7.3).
  bool blank() const;
};

inline constexpr std::size_t kKeptFailedKeys = 20;

// The ports nobody else may be given on that worker: `holds`, and those of a
// target that was begun and whose end is not known. Ascending.
std::vector<int> held_ports(const AppliedAllocation& allocation);

// R5.7. Nothing is put right there until it is started again, so drift is nobody's matter.
void stop_for_operator(AppliedAllocation& allocation, const StoppedBy& word);

// Its content is what was confirmed before the rollout; going back has nothing to do there.
bool is_as_before(const AppliedAllocation& allocation);

// The rollout is through there: there is no way back any more, and none is needed.
void prove(AppliedAllocation& allocation);

// R5.3: another content is tried from here on; what failed is remembered.
void put_away_hold(JobRecord& job);

// Before the worker is touched: the record of what is about to happen. `tree` is
// the job tree that `operation.files` come from, `head` the commit that is judged.
// `way_back`: what is confirmed there is to be remembered (ConfirmedBefore).
void record_begin(AppliedAllocation& allocation, const Operation& operation, const TreeId& tree,
                  const CommitId& head, bool way_back = false);

// After: folds `outcome` of `allocation.open` in. Leaves the record open on
// kUnknown. Returns false when nothing remains of the allocation (kRemove,
// confirmed) and the record should be erased. REQUIRES: allocation.open.
bool record_outcome(AppliedAllocation& allocation, const Outcome& outcome, const CommitId& commit);

}  // namespace maand
