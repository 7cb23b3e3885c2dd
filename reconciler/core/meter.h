// What the edges tell of each call to the outside, for metrics: how it ended and
// how long it took. The seam below which nobody knows what a metric is.
//
// A call through it costs a few microseconds and never throws. Thread-safe.
#pragma once

#include <chrono>
#include <optional>

#include "reconciler/core/outcome.h"
#include "reconciler/core/ports.h"

namespace maand {

using Took = std::chrono::steady_clock::duration;

// The calls of Source and Notes, one each.
enum class GitCall {
  kLsRemote,
  kFetch,
  kDescribe,
  kHistory,
  kOpenView,
  kMessages,
  kResolve,
  kKeep,
  kPublishNotes,
  kReadNote,
};
const char* to_string(GitCall call);  // "ls_remote", …
// It speaks to the remote; the others read or write the mirror alone.
bool is_remote(GitCall call);

class Meter {
 public:
  virtual ~Meter() = default;
  // One try to connect to a worker and to log in ended; kNone: the connection stands.
  virtual void connected(WorkerCondition condition, Took took) = 0;
  // One call ended; no problem: it succeeded.
  virtual void git_called(GitCall call, std::optional<SourceProblem> problem, Took took) = 0;
};

}  // namespace maand
