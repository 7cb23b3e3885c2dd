// Signals as messages: a thread waits for them, nobody is interrupted.
#pragma once

#include <functional>
#include <initializer_list>
#include <thread>

namespace maand {

// Blocks the signals in the whole process, so make one before any thread.
class SignalWatch {
 public:
  // `on_signal` runs on the watch's own thread.
  SignalWatch(std::initializer_list<int> signals, std::function<void(int)> on_signal);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  int stop_fd_ = -1;
  int signal_fd_ = -1;
  std::thread thread_;
};

}  // namespace maand
