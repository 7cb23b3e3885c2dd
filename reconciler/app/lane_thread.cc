#include "reconciler/app/lane_thread.h"

namespace maand {

LaneThread::LaneThread(Inbox& inbox) : Lane(inbox), thread_([this] { work(); }) {}

LaneThread::~LaneThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

void LaneThread::start(std::function<void()> call, std::function<void(std::exception_ptr)> done) {
  {
    const std::lock_guard lock(mutex_);
    calls_.push_back([this, call = std::move(call), done = std::move(done)] {
      std::exception_ptr error;
      try {
        call();
      } catch (...) {
        error = std::current_exception();
      }
      inbox().post([done, error] { done(error); });
    });
  }
  arrived_.notify_one();
}

void LaneThread::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    arrived_.wait(lock, [this] { return stopping_ || !calls_.empty(); });
    if (stopping_) return;
    const std::function<void()> call = std::move(calls_.front());
    calls_.pop_front();
    lock.unlock();
    call();
    lock.lock();
  }
}

}  // namespace maand
