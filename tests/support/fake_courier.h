// A Courier that answers what the test says, and keeps what it was given.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

#include "reconciler/core/outbound.h"

namespace maand {

// Thread-safe.
class FakeCourier : public Courier {
 public:
  Reply send(const OutboundRequest& request) override { return take(request); }
  Reply send(const OutboundMail& mail) override { return take(mail); }
  void interrupt() override { release(); }

  // In the order of the deliveries; when they have run out, `otherwise`.
  void answer(Reply reply) {
    const std::lock_guard lock(mutex_);
    replies_.push_back(std::move(reply));
  }
  void otherwise(Reply reply) {
    const std::lock_guard lock(mutex_);
    otherwise_ = std::move(reply);
  }
  // From here on deliveries do not end until release().
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    {
      const std::lock_guard lock(mutex_);
      held_ = false;
    }
    released_.notify_all();
  }
  std::vector<Parcel> sent() const {
    const std::lock_guard lock(mutex_);
    return sent_;
  }

 private:
  Reply take(Parcel parcel) {
    std::unique_lock lock(mutex_);
    sent_.push_back(std::move(parcel));
    Reply reply = otherwise_;
    if (!replies_.empty()) {
      reply = replies_.front();
      replies_.pop_front();
    }
    released_.wait(lock, [this] { return !held_; });
    return reply;
  }

  mutable std::mutex mutex_;
  std::condition_variable released_;
  bool held_ = false;
  std::vector<Parcel> sent_;
  std::deque<Reply> replies_;
  Reply otherwise_{.status = 200};
};

}  // namespace maand
