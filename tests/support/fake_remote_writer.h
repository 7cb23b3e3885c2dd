// A RemoteWriter that answers what the test says, and keeps what it was given.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

#include "reconciler/core/remote_write.h"

namespace maand {

// Thread-safe.
class FakeRemoteWriter : public RemoteWriter {
 public:
  Reply write(const RemoteWrite& what) override {
    std::unique_lock lock(mutex_);
    written_.push_back(what);
    Reply reply = otherwise_;
    if (!replies_.empty()) {
      reply = replies_.front();
      replies_.pop_front();
    }
    released_.wait(lock, [this] { return !held_; });
    return reply;
  }

  // In the order of the writes; when they have run out, `otherwise`.
  void answer(Reply reply) {
    const std::lock_guard lock(mutex_);
    replies_.push_back(std::move(reply));
  }
  void otherwise(Reply reply) {
    const std::lock_guard lock(mutex_);
    otherwise_ = std::move(reply);
  }
  // From here on writes do not end until release().
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
  std::vector<RemoteWrite> written() const {
    const std::lock_guard lock(mutex_);
    return written_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable released_;
  bool held_ = false;
  std::vector<RemoteWrite> written_;
  std::deque<Reply> replies_;
  Reply otherwise_{.status = 204};
};

}  // namespace maand
