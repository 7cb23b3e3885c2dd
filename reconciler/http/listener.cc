#include "reconciler/http/listener.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string_view>
#include <utility>

namespace maand {
namespace {

constexpr std::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\nConnection: "
    "close\r\n"
    "Content-Length: 32\r\n\r\n{\"error\": \"too many requests\"}\r\n";

}  // namespace

Listener::Listener(ListeningSocket socket, ListenerLimits limits, Serve serve)
    : socket_(std::move(socket)), limits_(limits), serve_(std::move(serve)) {
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_ < 0) throw ListenError("cannot make an eventfd; are there too many open files?");
  try {
    threads_.emplace_back([this] { accept_loop(); });
    for (int i = 0; i < limits_.threads; ++i) threads_.emplace_back([this] { work(); });
  } catch (...) {  // no more threads: those that run must be joined before we go
    stop();
    ::close(wake_);
    throw;
  }
}

Listener::~Listener() {
  stop();
  ::close(wake_);
}

void Listener::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    // Blocked reads and writes return; the thread that owns the fd closes it.
    for (const int fd : active_) ::shutdown(fd, SHUT_RDWR);
    for (const int fd : waiting_) ::close(fd);
    waiting_.clear();
  }
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
  arrived_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  socket_.close();
}

void Listener::accept_loop() {
  for (;;) {
    pollfd fds[] = {{socket_.fd(), POLLIN, 0}, {wake_, POLLIN, 0}};
    if (::poll(fds, 2, -1) < 0 && errno != EINTR) return;
    if (fds[1].revents != 0) return;
    const int fd = ::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      admit(fd);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      // The connection stays in the backlog and poll() would say so at once.
      pollfd wake{wake_, POLLIN, 0};
      ::poll(&wake, 1, 100);
    }
    // Everything else concerns that one connection: go on.
  }
}

void Listener::admit(int fd) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && waiting_.size() < static_cast<std::size_t>(limits_.queued)) {
      waiting_.push_back(fd);
      arrived_.notify_one();
      return;
    }
  }
  (void)!::send(fd, kBusy.data(), kBusy.size(), MSG_NOSIGNAL);
  ::close(fd);
}

void Listener::work() {
  for (;;) {
    int fd = -1;
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      fd = waiting_.front();
      waiting_.pop_front();
      active_.insert(fd);
    }
    try {
      serve_(fd, std::chrono::steady_clock::now() + limits_.deadline);
    } catch (...) {
      // The client sees a closed connection; the others are not concerned.
    }
    {
      const std::lock_guard lock(mutex_);
      active_.erase(fd);
    }
    ::close(fd);
  }
}

}  // namespace maand
