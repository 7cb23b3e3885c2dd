// A file descriptor that is closed with its owner.
#pragma once

#include <unistd.h>

namespace maand {

class OwnedFd {
 public:
  explicit OwnedFd(int fd) : fd_(fd) {}  // < 0: none
  ~OwnedFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace maand
