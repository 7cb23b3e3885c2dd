// How many connections may be starting at once, in all and per target.
//
// sshd counts connections that have not logged in (MaxStartups 10:30:100) and
// newer ones ban a source that comes too fast; open sessions may be thousands
// (libraries.md).
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

namespace maand {

// Thread-safe.
class StartLimiter {
 public:
  StartLimiter(int in_all, int per_target) : in_all_(in_all), per_target_(per_target) {}

  // Blocks until there is room; false after stop(). Waits are finite because
  // every holder is bound by the connect timeout.
  bool enter(const std::string& target) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || starting_[target] < per_target_; });
    if (!stopped_) ++starting_[target];
    return !stopped_;
  }
  void leave(const std::string& target) {
    const std::lock_guard lock(mutex_);
    if (const auto it = starting_.find(target); --it->second == 0) starting_.erase(it);
    changed_.notify_all();
  }
  // The room that all targets share; taken after the TCP connection stands, so
  // that machines which do not answer hold up nobody else.
  bool enter() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || all_ < in_all_; });
    if (!stopped_) ++all_;
    return !stopped_;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    --all_;
    changed_.notify_all();
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

 private:
  const int in_all_, per_target_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> starting_;
  int all_ = 0;
  bool stopped_ = false;
};

}  // namespace maand
