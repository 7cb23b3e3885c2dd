#include "reconciler/app/phase_watch.h"

namespace maand {

const char* to_string(Phase phase) {
  switch (phase) {
    case Phase::kIdle:
      return "idle";
    case Phase::kLook:
      return "look";
    case Phase::kFetch:
      return "fetch";
    case Phase::kJudge:
      return "judge";
    case Phase::kSettle:
      return "settle";
    case Phase::kRecall:
      return "recall";
    case Phase::kPlan:
      return "plan";
    case Phase::kRollOut:
      return "roll_out";
    case Phase::kReport:
      return "report";
    case Phase::kPublish:
      return "publish";
  }
  return "";
}

const char* words(Phase phase) {
  switch (phase) {
    case Phase::kIdle:
      return "idle";
    case Phase::kLook:
      return "asking the remote";
    case Phase::kFetch:
      return "fetching";
    case Phase::kJudge:
      return "judging";
    case Phase::kSettle:
      return "settling open operations";
    case Phase::kRecall:
      return "asking workers for their ports";
    case Phase::kPlan:
      return "planning";
    case Phase::kRollOut:
      return "rolling out";
    case Phase::kReport:
      return "reporting";
    case Phase::kPublish:
      return "publishing notes";
  }
  return "";
}

const char* to_string(PassEnd end) {
  switch (end) {
    case PassEnd::kConverged:
      return "converged";
    case PassEnd::kUnfinished:
      return "unfinished";
    case PassEnd::kSourceFailed:
      return "source_failed";
  }
  return "";
}

void PhaseWatch::report_to(LoopMeter& meter, const Clock& clock) {
  meter_ = &meter;
  clock_ = &clock;
  since_ = clock.now();
}

void PhaseWatch::enter(Phase phase, const std::string& subject) {
  if (meter_) {
    const Instant now = clock_->now();
    if (phase_ != Phase::kIdle) meter_->phase_ended(phase_, now - since_);
    since_ = now;
  }
  phase_ = phase;
  subject_ = subject;
}

}  // namespace maand
