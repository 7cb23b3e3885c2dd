// One flag that ends every poll(2) of a transport: fired once, for good.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace maand {

// Thread-safe.
class Interrupter {
 public:
  Interrupter() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  ~Interrupter() { ::close(fd_); }
  Interrupter(const Interrupter&) = delete;
  Interrupter& operator=(const Interrupter&) = delete;

  void fire() noexcept {
    fired_.store(true);
    const std::uint64_t one = 1;
    // The counter is never read back, so the descriptor stays readable.
    [[maybe_unused]] const auto n = ::write(fd_, &one, sizeof one);
  }
  bool fired() const noexcept { return fired_.load(); }
  int fd() const noexcept { return fd_; }  // readable once fired

 private:
  int fd_;
  std::atomic<bool> fired_{false};
};

}  // namespace maand
