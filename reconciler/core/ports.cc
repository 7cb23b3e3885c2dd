#include "reconciler/core/ports.h"

namespace maand {

const char* to_string(SourceProblem problem) {
  switch (problem) {
    case SourceProblem::kUnreachable:
      return "Unreachable";
    case SourceProblem::kTimedOut:
      return "TimedOut";
    case SourceProblem::kAuthFailed:
      return "AuthFailed";
    case SourceProblem::kHostKey:
      return "HostKey";
    case SourceProblem::kNotFound:
      return "NotFound";
    case SourceProblem::kMirrorBroken:
      return "MirrorBroken";
    case SourceProblem::kOther:
      return "Other";
  }
  return "Other";
}

}  // namespace maand
