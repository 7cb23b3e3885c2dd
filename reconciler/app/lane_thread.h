// A lane that is one thread: calls run there in the order they were given.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "reconciler/app/lane.h"

namespace maand {

class LaneThread : public Lane {
 public:
  explicit LaneThread(Inbox& inbox);
  ~LaneThread() override;  // waits for the call at hand; later ones are dropped

  void start(std::function<void()> call, std::function<void(std::exception_ptr)> done) override;

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> calls_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace maand
