#include "reconciler/app/inbox.h"

#include <algorithm>
#include <utility>

namespace maand {

void Inbox::post(std::function<void()> message) {
  {
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(message));
  }
  arrived_.notify_one();
}

void Inbox::post_at(Instant when, std::function<void()> message) {
  {
    const std::lock_guard lock(mutex_);
    later_.emplace(when, std::move(message));
  }
  arrived_.notify_one();
}

bool Inbox::serve(Instant deadline) {
  std::deque<std::function<void()>> batch;
  {
    std::unique_lock lock(mutex_);
    last_served_ = std::chrono::steady_clock::now();
    while (messages_.empty()) {
      const Instant now = std::chrono::steady_clock::now();
      const Instant due = later_.empty() ? deadline : std::min(deadline, later_.begin()->first);
      if (now >= due) break;
      arrived_.wait_until(lock, due);
    }
    last_served_ = std::chrono::steady_clock::now();
    batch.swap(messages_);
    while (!later_.empty() && later_.begin()->first <= last_served_) {
      batch.push_back(std::move(later_.begin()->second));
      later_.erase(later_.begin());
    }
  }
  for (std::function<void()>& message : batch) message();
  return !batch.empty();
}

Instant Inbox::now() const { return std::chrono::steady_clock::now(); }

Instant Inbox::last_served() const {
  const std::lock_guard lock(mutex_);
  return last_served_;
}

}  // namespace maand
