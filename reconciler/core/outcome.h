// What became of one operation, one probe, or one contact with a worker.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "reconciler/core/ids.h"
#include "reconciler/core/model.h"

namespace maand {

// Everything that keeps an operation from reaching its target's first
// instruction (R2.7). A worker with a condition is set aside and tried again;
// no attempt is used.
enum class WorkerCondition {
  kNone,
  kUnreachable,
  kAuthFailed,
  kHostKeyUnknown,
  kHostKeyChanged,
  kSudoRefused,
  kToolMissing,
  kDiskFull,
  kWorkerStateMissing,  // instance marker gone or another although allocations are confirmed (R3.5)
  kIdentityMismatch,    // the marker names another worker
  kFenced,              // a newer epoch has been seen there (R3.12)
  kBusy,                // another operation of this allocation still runs there
};
const char* to_string(WorkerCondition condition);  // "Unreachable", …; "" for kNone

// The receipt of a finished operation, or why there is none.
enum class OutcomeKind {
  kSucceeded,    // the receipt says so; for Target::kNone: the files have landed
  kFailed,       // the target ran and did not exit 0, or ran out of time
  kInterrupted,  // it began and its process is gone without a receipt (reboot, kill)
  kNever,        // sealed as never begun: it can not begin any more
  kCondition,    // `condition` says which; nothing was begun
  kUnknown,      // contact was lost after it may have begun and could not be had again; ask later
};
const char* to_string(OutcomeKind kind);

// Of an operation that its worker takes back by itself unless somebody says over a new
// connection that it is well (Operation::confirm).
enum class Confirmation {
  kNone,       // it is no such operation, or its target did not end well
  kPending,    // its target ended well; it counts once it is confirmed, and stays open until then
  kConfirmed,  // somebody said so in time
  kReverted,   // nobody did; with OutcomeKind::kFailed
};

struct Outcome {
  OutcomeKind kind = OutcomeKind::kUnknown;
  WorkerCondition condition = WorkerCondition::kNone;
  int exit_status = 0;          // of make; 128+n for a signal
  bool timed_out = false;       // the process group was ended at its limit
  bool missing_target = false;  // make knows no such target (R2.6)
  // kCondition: another bucket has one of its ports there (R3.11). The job's trouble, not
  // the worker's.
  bool port_claimed = false;
  // What the target got as CURRENT_VERSION, where the worker knew better than we
  // did: a job that comes back starts from `.maand/last` (R2.2). Empty: as asked for.
  std::string current_version;
  Confirmation confirmation = Confirmation::kNone;
  // kReverted: how the restart ended that what was confirmed before came back with, or the
  // stop of what had nothing before it. kInterrupted: its files may not all be back.
  OutcomeKind back = OutcomeKind::kUnknown;
  bool back_stopped = false;              // kReverted: it was the stop
  std::string boot_id;                    // of the worker when the operation ended or was found interrupted
  std::string instance;                   // id of the worker's marker (R3.5); empty: it was not told
  std::string detail;                     // one line for people; never output of the target
  std::chrono::milliseconds duration{0};  // of the target on the worker, 0 when none ran
};

enum class Health { kUnprobed, kHealthy, kUnhealthy };
const char* to_string(Health health);  // "unprobed", "healthy", "unhealthy"

}  // namespace maand
