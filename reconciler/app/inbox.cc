#include "reconciler/app/inbox.h"

#include <utility>

namespace maand {

void Inbox::post(std::function<void()> message) {
  {
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(message));
  }
  arrived_.notify_one();
}

bool Inbox::serve(Instant deadline) {
  std::deque<std::function<void()>> batch;
  {
    std::unique_lock lock(mutex_);
    last_served_ = std::chrono::steady_clock::now();
    arrived_.wait_until(lock, deadline, [this] { return !messages_.empty(); });
    last_served_ = std::chrono::steady_clock::now();
    batch.swap(messages_);
  }
  for (std::function<void()>& message : batch) message();
  return !batch.empty();
}

Instant Inbox::last_served() const {
  const std::lock_guard lock(mutex_);
  return last_served_;
}

}  // namespace maand
