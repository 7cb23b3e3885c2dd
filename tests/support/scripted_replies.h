// What a fake that delivers answers, and what it was given: told beforehand, held back at will. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "reconciler/core/outbound.h"

namespace maand {

template <class What>
class ScriptedReplies {
 public:
  explicit ScriptedReplies(Reply otherwise) : otherwise_(std::move(otherwise)) {}

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
  std::vector<What> given() const {
    const std::lock_guard lock(mutex_);
    return given_;
  }

 protected:
  Reply take(What what) {
    std::unique_lock lock(mutex_);
    given_.push_back(std::move(what));
    Reply reply = otherwise_;
    if (!replies_.empty()) {
      reply = replies_.front();
      replies_.pop_front();
    }
    released_.wait(lock, [this] { return !held_; });
    return reply;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable released_;
  bool held_ = false;
  std::vector<What> given_;
  std::deque<Reply> replies_;
  Reply otherwise_;
};

}  // namespace maand
