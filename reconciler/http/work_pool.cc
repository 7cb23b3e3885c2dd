#include "reconciler/http/work_pool.h"

#include <utility>

namespace maand {

WorkPool::WorkPool(int threads, int queued) : queued_(static_cast<std::size_t>(queued)) {
  try {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
  } catch (...) {  // no more threads: those that run must be joined before we go
    stop();
    throw;
  }
}

WorkPool::~WorkPool() { stop(); }

bool WorkPool::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || waiting_.size() >= queued_ + idle_) return false;
    waiting_.push_back(std::move(work));
  }
  arrived_.notify_one();
  return true;
}

void WorkPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
  }
  arrived_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void WorkPool::run() {
  for (;;) {
    std::function<void()> work;
    {
      std::unique_lock lock(mutex_);
      ++idle_;
      arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      --idle_;
      if (stopping_) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    try {
      work();
    } catch (...) {
      // Whoever asked sees no answer; the others are not concerned.
    }
  }
}

}  // namespace maand
