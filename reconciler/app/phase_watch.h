// Which phase the reconcile thread is in, and how long it was in the one before.
#pragma once

#include <optional>
#include <string>

#include "reconciler/app/loop_meter.h"

namespace maand {

// Reconcile thread. One clock read for each change.
class PhaseWatch {
 public:
  // Both outlive it. Without them it only knows where we are.
  void report_to(LoopMeter& meter, const Clock& clock);

  // `subject` is shown to people: "judging 1f0c…".
  void enter(Phase phase, const std::string& subject = "");

  Phase now() const { return phase_; }
  std::string text() const { return subject_.empty() ? words(phase_) : words(phase_) + (" " + subject_); }

 private:
  LoopMeter* meter_ = nullptr;
  const Clock* clock_ = nullptr;
  Phase phase_ = Phase::kIdle;
  std::string subject_;
  Instant since_{};
};

}  // namespace maand
