#include "reconciler/app/inbox.h"

#include <algorithm>
#include <iterator>
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
  const bool any = !batch.empty();
  // Whatever one of them throws, the others are served next time.
  struct Rest {
    Inbox& inbox;
    std::deque<std::function<void()>>& batch;
    ~Rest() {
      if (batch.empty()) return;
      const std::lock_guard lock(inbox.mutex_);
      inbox.messages_.insert(inbox.messages_.begin(), std::make_move_iterator(batch.begin()),
                             std::make_move_iterator(batch.end()));
    }
  } rest{*this, batch};
  while (!batch.empty()) {
    const std::function<void()> message = std::move(batch.front());
    batch.pop_front();
    message();
  }
  return any;
}

Instant Inbox::now() const { return std::chrono::steady_clock::now(); }

Instant Inbox::last_served() const {
  const std::lock_guard lock(mutex_);
  return last_served_;
}

}  // namespace maand
