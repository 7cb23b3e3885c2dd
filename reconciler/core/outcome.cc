#include "reconciler/core/outcome.h"

namespace maand {

const char* to_string(WorkerCondition condition) {
  switch (condition) {
    case WorkerCondition::kNone:
      return "";
    case WorkerCondition::kUnreachable:
      return "Unreachable";
    case WorkerCondition::kAuthFailed:
      return "AuthFailed";
    case WorkerCondition::kHostKeyUnknown:
      return "HostKeyUnknown";
    case WorkerCondition::kHostKeyChanged:
      return "HostKeyChanged";
    case WorkerCondition::kSudoRefused:
      return "SudoRefused";
    case WorkerCondition::kToolMissing:
      return "ToolMissing";
    case WorkerCondition::kDiskFull:
      return "DiskFull";
    case WorkerCondition::kWorkerStateMissing:
      return "WorkerStateMissing";
    case WorkerCondition::kIdentityMismatch:
      return "IdentityMismatch";
    case WorkerCondition::kFenced:
      return "Fenced";
    case WorkerCondition::kBusy:
      return "Busy";
  }
  return "";
}

const char* to_string(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::kSucceeded:
      return "succeeded";
    case OutcomeKind::kFailed:
      return "failed";
    case OutcomeKind::kInterrupted:
      return "interrupted";
    case OutcomeKind::kNever:
      return "never";
    case OutcomeKind::kCondition:
      return "condition";
    case OutcomeKind::kUnknown:
      return "unknown";
  }
  return "";
}

const char* to_string(Health health) {
  switch (health) {
    case Health::kUnprobed:
      return "unprobed";
    case Health::kHealthy:
      return "healthy";
    case Health::kUnhealthy:
      return "unhealthy";
  }
  return "";
}

}  // namespace maand
