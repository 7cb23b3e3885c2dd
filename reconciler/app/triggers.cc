#include "reconciler/app/triggers.h"

#include <algorithm>
#include <utility>

#include "reconciler/core/retry.h"

namespace maand {

void Triggers::poke(const std::string& cause) {
  ++requested_;
  pending_ = true;
  if (cause_.empty()) cause_ = cause;
}

void Triggers::tick(Instant now) {
  if (now >= poll_due_) {
    pending_ = true;
    poll_due_ = now + poll_interval_;
  }
  if (retry_due_ && now >= *retry_due_) {
    pending_ = true;
    retry_due_.reset();
  }
}

std::string Triggers::take() {
  begun_ = requested_;
  return take_into_pass();
}

std::string Triggers::take_into_pass() {
  pending_ = false;
  taken_ = requested_;
  std::string cause = std::exchange(cause_, "");
  return cause.empty() ? "commit" : cause;
}

void Triggers::pass_ended(Instant now, bool converged, double jitter, bool follows) {
  served_ = follows ? begun_ : taken_;
  poll_due_ = now + spread(poll_interval_, jitter);
  failures_ = converged ? 0 : failures_ + 1;
  if (converged) {
    retry_due_.reset();
  } else {
    retry_due_ = now + backoff(failures_, jitter);
  }
}

Instant Triggers::next_due() const { return retry_due_ ? std::min(poll_due_, *retry_due_) : poll_due_; }

}  // namespace maand
