#include "reconciler/store/socket_deadline.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reconciler/core/ports.h"

namespace maand {

SocketDeadline::SocketDeadline(int socket) : socket_(::fcntl(socket, F_DUPFD_CLOEXEC, 0)) {
  if (socket_ < 0) throw StoreError("too many open files to watch a connection to PostgreSQL");
  thread_ = std::thread([this] { watch(); });
}

SocketDeadline::~SocketDeadline() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
  ::close(socket_);
}

bool SocketDeadline::expired() const {
  const std::lock_guard lock(mutex_);
  return expired_;
}

void SocketDeadline::set(Until until) {
  const std::lock_guard lock(mutex_);
  until_ = until;
  // One that sleeps until an earlier deadline wakes up then, finds this one and sleeps on. Most
  // calls are over at once, and need no thread to wake up for them.
  if (until && dozing_) changed_.notify_one();
}

void SocketDeadline::watch() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (!until_) {
      dozing_ = true;
      changed_.wait(lock, [this] { return ending_ || until_; });
      dozing_ = false;
    } else if (std::chrono::steady_clock::now() >= *until_) {
      ::shutdown(socket_, SHUT_RDWR);
      expired_ = true;
      until_.reset();
    } else {
      const auto until = *until_;
      changed_.wait_until(lock, until, [this] { return ending_; });
    }
  }
}

}  // namespace maand
