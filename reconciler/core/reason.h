// Every reason the product gives, as documented constants. The same word stands
// in `maand plan`, `maand why`, status, events, logs and the git note.
#pragma once

#include <string_view>

namespace maand {

enum class Reason {
  // Why an allocation is acted on, or not (R2.1).
  kUnchanged,            // files and version are what was last confirmed
  kNew,                  // never confirmed here
  kReEnabled,            // was stopped (disabled, or for a port it had to give up), and is wanted again
  kLeft,                 // the job no longer belongs on this worker, or is gone
  kDisabled,             // disabled.json names it
  kStoppedByOperator,    // stays stopped until an operator starts it (R5.7)
  kVersionChanged,       // `version` of the manifest
  kFilesChanged,         // shipped files differ
  kValueChanged,         // a value that its templates read
  kCertificateRenewed,   // only certificates that maand issues for it differ
  kGlobMatched,          // policy reload, and a changed path matches restart_globs
  kPreviousFailed,       // the last target failed
  kPreviousInterrupted,  // the last target began and its end was never seen
  kRenamed,              // its directory and its data come from the job it was before
  kPortHandedOver,       // another job of this worker takes a port that it has
  kRolledBack,           // its rollout failed, and what was confirmed before is put back (R5.2)
  kDrifted,              // what lies there is not what was confirmed, and is put right (R5.9)
  kNewBaseline,          // digests differ without a cause (R1.10)
  // Why a job, or an allocation of it, has to wait or is left as it is.
  kUnsettled,        // an earlier operation's end is not known yet (R3.4)
  kBroken,           // the job does not load, or a template of it fails (R1.6)
  kMissingValue,     // a value that its templates read is not there yet
  kSecretLocked,     // a secret of its secrets.age.toml cannot be opened here
  kNoCertificate,    // a certificate that it gets could not be issued yet
  kTargetFailed,     // its last rollout failed: a target (R2.6)
  kMissingTarget,    // its Makefile has no such target (R2.6)
  kGateFailed,       // its last rollout failed: not healthy in time (R2.4)
  kNotConfirmed,     // its last rollout failed: a worker took it back by itself (confirm_seconds)
  kProgressTimeout,  // no allocation became healthy for too long (R2.9)
  kRollbackFailed,   // its rollout failed, and so did going back (R5.2)
  kFailureBudget,    // too many allocations of this commit failed (policy.max_failures)
  kWorkerBudget,     // too many workers are set aside (policy.max_workers_aside)
  kRebootLoop,       // interrupted twice, by two boots (R3.4)
  kStopFailed,       // `stop` failed; counted as running (R3.10)
  kNoPlacement,      // runs somewhere and matches no worker any more (R1.6)
  kMayBeRenamed,     // removals wait while a new job directory does not load (R1.6)
  kRemovalBudget,    // more stops than policy.max_removals (R5.1)
  kUnavailable,      // too many of its allocations are out of reach or unhealthy (R2.5)
  kBlocked,          // an upstream job is unfinished, failed or at the wrong version (R2.8)
  kSuspended,        // an operator has suspended it, or the whole bucket (R5.5)
  kWindowClosed,     // the windows of policy.toml let nothing of it begin now (R5.6)
  kPinned,           // an operator holds it at the content of another commit (R5.4)
  kMoveWaits,        // the new worker cannot take over yet (R2.3)
  kWorkerCondition,  // its worker is set aside (R2.7)
  kSuperseded,       // a newer commit changed the job (R1.8)
  kStopping,         // the daemon is leaving
  kSettled,          // begun by a daemon that ended before it could tell
  kFenced,           // a newer controller has taken the workers over (R3.12)
  kRecovering,       // the store was lost; an operator has to claim the workers (R7.3)
  kAbandoned,        // its worker left and cannot be reached any more (R3.9)
  kLooksRenamed,     // a new job has mostly the same files (renamed_from)
  // Between jobs.
  kPortConflict,          // two jobs claim one port on one worker, or one still has what the other takes
  kTooFewAllocations,     // min_allocations_count (workspace.md 3.4)
  kPortRangeExhausted,    // no number of the pool is left (workspace.md 4.1)
  kPortClaimed,           // somebody outside of the bucket has the port (R3.11)
  kInsufficientCapacity,  // a worker cannot hold the reservations on it (workspace.md 4.2)
  kDemandUnmet,         // a demanded job or command is not there, or at the wrong version (workspace.md 5.1)
  kPrometheusConflict,  // `_prometheus/` of several jobs do not go together (workspace.md 13.2)
  kDemandCycle,         // jobs demand one another (workspace.md 5.2)
};

// `VersionChanged`, …
const char* to_string(Reason reason);
// The inverse; kUnchanged for an unknown word.
Reason reason_from(std::string_view word);

// One sentence that explains the reason to a person who sees it the first time.
const char* explain(Reason reason);

}  // namespace maand
