#include "reconciler/core/reason.h"

namespace maand {
namespace {

struct Words {
  const char* name;
  const char* sentence;
};

// One place, in the order of the enum, so that no reason can lack its sentence.
Words words(Reason reason) {
  switch (reason) {
    case Reason::kUnchanged:
      return {"Unchanged", "files and version are what was last confirmed"};
    case Reason::kNew:
      return {"New", "it was never confirmed on this worker"};
    case Reason::kReEnabled:
      return {"ReEnabled", "it was stopped and is wanted again"};
    case Reason::kLeft:
      return {"Left", "the workspace no longer places it on this worker"};
    case Reason::kDisabled:
      return {"Disabled", "disabled.json names it"};
    case Reason::kStoppedByOperator:
      return {"StoppedByOperator", "an operator stopped it, and it stays stopped until one starts it"};
    case Reason::kVersionChanged:
      return {"VersionChanged", "the version in the manifest changed"};
    case Reason::kFilesChanged:
      return {"FilesChanged", "its files changed"};
    case Reason::kValueChanged:
      return {"ValueChanged", "a value that its templates read changed"};
    case Reason::kCertificateRenewed:
      return {"CertificateRenewed", "a certificate of it was issued anew"};
    case Reason::kGlobMatched:
      return {"GlobMatched", "a changed file matches restart_globs"};
    case Reason::kPreviousFailed:
      return {"PreviousFailed", "the last target failed"};
    case Reason::kPreviousInterrupted:
      return {"PreviousInterrupted", "the last target began and its end was never seen"};
    case Reason::kRenamed:
      return {"Renamed", "the job was renamed: its directory and its data come along"};
    case Reason::kPortHandedOver:
      return {"PortHandedOver", "it has to let go of a port that another job takes"};
    case Reason::kRolledBack:
      return {"RolledBack", "its rollout failed, and what was confirmed before it is put back"};
    case Reason::kDrifted:
      return {"Drifted", "what is on the worker is not what was deployed there, and is put right"};
    case Reason::kNewBaseline:
      return {"NewBaseline",
              "digests differ though nothing caused it; recorded and shipped with the next real change"};
    case Reason::kUnsettled:
      return {"Unsettled", "the end of an earlier operation is not known yet"};
    case Reason::kBroken:
      return {"Broken", "the job does not load; it stays at its last good content"};
    case Reason::kMissingValue:
      return {"MissingValue", "a value that its templates read is not there yet; it goes on when it is"};
    case Reason::kSecretLocked:
      return {
          "SecretLocked",
          "a secret of its secrets.age.toml cannot be opened on the control host; what runs stays as it is"};
    case Reason::kNoCertificate:
      return {"NoCertificate",
              "a certificate that it gets could not be issued yet; what runs stays as it is"};
    case Reason::kTargetFailed:
      return {"TargetFailed",
              "a target failed in its last rollout; it is held until the job changes or `maand retry`"};
    case Reason::kMissingTarget:
      return {"MissingTarget",
              "its Makefile has no such target; it is held until the job changes or `maand retry`"};
    case Reason::kGateFailed:
      return {
          "GateFailed",
          "it did not become healthy in its last rollout; it is held until the job changes or `maand retry`"};
    case Reason::kNotConfirmed:
      return {"NotConfirmed",
              "no new connection confirmed it within confirm_seconds, so its worker took it back by itself; "
              "it is held until the job changes or `maand retry`"};
    case Reason::kProgressTimeout:
      return {"ProgressTimeout", "no allocation became healthy for progress_timeout_seconds"};
    case Reason::kRollbackFailed:
      return {"RollbackFailed",
              "its rollout failed and so did going back; it is held until the job changes or `maand retry`"};
    case Reason::kFailureBudget:
      return {"FailureBudget", "more allocations of this commit failed than policy.max_failures allows"};
    case Reason::kWorkerBudget:
      return {"WorkerBudget", "more workers are set aside than policy.max_workers_aside allows"};
    case Reason::kRebootLoop:
      return {"RebootLoop", "its target was interrupted by two reboots in a row"};
    case Reason::kStopFailed:
      return {"StopFailed", "its stop target failed; it counts as running and its files are kept"};
    case Reason::kNoPlacement:
      return {"NoPlacement", "it runs and matches no worker any more; remove the job directory to stop it"};
    case Reason::kMayBeRenamed:
      return {"MayBeRenamed", "a new job directory does not load and may be this job renamed"};
    case Reason::kRemovalBudget:
      return {"RemovalBudget", "more running allocations would stop than policy.max_removals allows"};
    case Reason::kUnavailable:
      return {"Unavailable", "too many of its allocations are out of reach or unhealthy"};
    case Reason::kBlocked:
      return {"Blocked", "a job it demands is unfinished, failed or at another version"};
    case Reason::kSuspended:
      return {"Suspended", "an operator has suspended it"};
    case Reason::kWindowClosed:
      return {"WindowClosed", "policy.toml lets nothing of it begin now; it goes on when its window opens"};
    case Reason::kPinned:
      return {"Pinned", "an operator holds it at the content of another commit"};
    case Reason::kMoveWaits:
      return {"MoveWaits", "the worker it moves to cannot take over yet"};
    case Reason::kWorkerCondition:
      return {"WorkerCondition", "its worker is set aside"};
    case Reason::kSuperseded:
      return {"Superseded", "a newer commit changed the job"};
    case Reason::kStopping:
      return {"Stopping", "the daemon is leaving; the next start goes on"};
    case Reason::kSettled:
      return {"Settled", "it was begun by a daemon that ended before it could see and tell what came of it"};
    case Reason::kFenced:
      return {"Fenced", "another controller has taken the workers over; `maand takeover` takes them back"};
    case Reason::kRecovering:
      return {"Recovering",
              "workers run what this controller has no record of; `maand takeover` lets it act on them"};
    case Reason::kAbandoned:
      return {"Abandoned",
              "its worker left and cannot be reached, so it may still run; `maand worker forget` ends it"};
    case Reason::kLooksRenamed:
      return {"LooksRenamed",
              "a new job has mostly the same files; write renamed_from in its manifest.json, or "
              "`maand release` the job that is gone"};
    case Reason::kPortConflict:
      return {"PortConflict", "another job claims the same port on the same worker, or has not let go of it"};
    case Reason::kTooFewAllocations:
      return {"TooFewAllocations", "it has fewer allocations than min_allocations_count"};
    case Reason::kPortRangeExhausted:
      return {"PortRangeExhausted", "no number of the pool in bucket.conf is left for one of its ports"};
    case Reason::kPortClaimed:
      return {"PortClaimed", "somebody outside of this bucket claims one of its ports"};
    case Reason::kInsufficientCapacity:
      return {"InsufficientCapacity", "the jobs of a worker reserve more memory or cpu than it has"};
    case Reason::kDemandUnmet:
      return {"DemandUnmet", "a job or command it demands is missing, or has a version it does not accept"};
    case Reason::kPrometheusConflict:
      return {"PrometheusConflict", "what it tells Prometheus clashes with what another job tells it"};
    case Reason::kDemandCycle:
      return {"DemandCycle", "it and the jobs it demands demand one another, so none of them can go first"};
  }
  return {"Unchanged", ""};
}

}  // namespace

const char* to_string(Reason reason) { return words(reason).name; }
const char* explain(Reason reason) { return words(reason).sentence; }

Reason reason_from(std::string_view word) {
  for (int i = 0; i <= static_cast<int>(Reason::kDemandCycle); ++i) {
    if (word == words(static_cast<Reason>(i)).name) return static_cast<Reason>(i);
  }
  return Reason::kUnchanged;
}

}  // namespace maand
