#include "reconciler/core/events.h"

namespace maand {

const char* to_string(EventKind kind) {
  switch (kind) {
    case EventKind::kPassStarted:
      return "pass_started";
    case EventKind::kPassFinished:
      return "pass_finished";
    case EventKind::kHeadSeen:
      return "head_seen";
    case EventKind::kCommitRefused:
      return "commit_refused";
    case EventKind::kSourceProblem:
      return "source_problem";
    case EventKind::kSourceRecovered:
      return "source_recovered";
    case EventKind::kJobHeld:
      return "job_held";
    case EventKind::kJobWaiting:
      return "job_waiting";
    case EventKind::kJobFinished:
      return "job_finished";
    case EventKind::kBatchStarted:
      return "batch_started";
    case EventKind::kGatePassed:
      return "gate_passed";
    case EventKind::kGateFailed:
      return "gate_failed";
    case EventKind::kOperationBegun:
      return "operation_begun";
    case EventKind::kOperationEnded:
      return "operation_ended";
    case EventKind::kWorkerSetAside:
      return "worker_set_aside";
    case EventKind::kWorkerBack:
      return "worker_back";
    case EventKind::kNotePublished:
      return "note_published";
    case EventKind::kNoteFailed:
      return "note_failed";
    case EventKind::kStoreProblem:
      return "store_problem";
    case EventKind::kHealthChanged:
      return "health_changed";
    case EventKind::kDriftChanged:
      return "drift_changed";
    case EventKind::kOutboundProblem:
      return "outbound_problem";
    case EventKind::kOutboundRecovered:
      return "outbound_recovered";
    case EventKind::kNotice:
      return "notice";
  }
  return "notice";
}

}  // namespace maand
