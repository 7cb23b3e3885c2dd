// A few threads and a bounded queue in front of them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace maand {

class WorkPool {
 public:
  WorkPool(int threads, int queued);
  ~WorkPool();  // stop()
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  // False: the queue is full, or stop() was called. An exception of `work` ends nothing.
  bool post(std::function<void()> work);
  // Joins; what still waits is not begun. May be called again.
  void stop();

 private:
  void run();

  const std::size_t queued_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  bool stopping_ = false;
  std::size_t idle_ = 0;
  std::deque<std::function<void()>> waiting_;
  std::vector<std::thread> threads_;
};

}  // namespace maand
