// What can happen, as observers, logs, the event stream and metrics see it.
#pragma once

#include <chrono>
#include <string>

#include "reconciler/core/ids.h"

namespace maand {

enum class EventKind {
  kPassStarted,
  kPassFinished,
  kHeadSeen,  // ls-remote showed a new commit
  kCommitRefused,
  kSourceProblem,
  kSourceRecovered,
  kJobHeld,
  kJobWaiting,
  kJobFinished,
  kBatchStarted,
  kGatePassed,
  kGateFailed,
  kOperationBegun,
  kOperationEnded,
  kWorkerSetAside,
  kWorkerBack,
  kNotePublished,
  kNoteFailed,
  kStoreProblem,
  kHealthChanged,    // R5.8: found unhealthy, or healthy again, outside a rollout's gates
  kDriftChanged,     // R5.9: an allocation drifted, drifted otherwise, or is in order again
  kOutboundProblem,  // a channel's letters do not arrive (core/outbound.h)
  kOutboundRecovered,
  kNotice,  // anything a person should read and no machine reacts to
};
const char* to_string(EventKind kind);  // "pass_started", …

// Only what applies is set. `text` is a sentence; never output of a target, never a secret.
struct Event {
  EventKind kind = EventKind::kNotice;
  CommitId commit;
  JobName job;
  WorkerHost worker;
  OperationId operation;
  std::string action;
  std::string reason;
  std::string outcome;
  std::string text;
  int attempt = 0;  // of an operation, from 1
  std::chrono::milliseconds duration{0};
};

}  // namespace maand
