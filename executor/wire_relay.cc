#include "executor/wire_relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace maand {
namespace {

constexpr std::size_t kPiece = 16384;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.sin_port);
}

}  // namespace

WireRelay::WireRelay() {
  const sockaddr_in address = loopback(0);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 4) != 0) {
    const int error = errno;
    if (listener_ >= 0) ::close(listener_);
    throw std::system_error(error, std::generic_category(), "a loopback socket");
  }
  port_ = port_of(listener_);
}

WireRelay::~WireRelay() {
  if (listener_ >= 0) ::close(listener_);
  if (local_ >= 0) ::close(local_);
}

void WireRelay::admit(int fd) {
  const sockaddr_in address = loopback(0);
  // Without a port of its own nothing is admitted, and the probe ends at its deadline.
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) admitted_ = port_of(fd);
}

WireRelay::End WireRelay::pump(Wire& wire, Deadline deadline, const Interrupter& interrupter,
                               std::size_t most_bytes) {
  const End end = pump_open(wire, deadline, interrupter, most_bytes);
  ::close(listener_);  // a library that has not connected yet is refused
  listener_ = -1;
  if (local_ >= 0) ::shutdown(local_, SHUT_RDWR);
  return end;
}

WireRelay::End WireRelay::pump_open(Wire& wire, Deadline deadline, const Interrupter& interrupter,
                                    std::size_t most_bytes) {
  while (true) {
    if (library_ended_.fired() || local_ended_) return End::kLibraryEnded;
    if (interrupter.fired()) return End::kInterrupted;
    if (std::chrono::steady_clock::now() >= deadline) return End::kDeadline;
    bool moved = false;
    if (local_ < 0) {
      moved = accept_library();
    } else {
      const bool pulled = pull(wire);
      const bool delivered = deliver();
      const bool pushed = push(wire);
      moved = pulled || delivered || pushed;
      if (brought_ > most_bytes) return End::kTooMuch;
      // It sends what is left, and may hold bytes although its socket is silent.
      if (!moved && !wire_ended_ && to_local_.empty()) moved = wire.wait({}) == Waited::kMoved;
    }
    if (moved) continue;
    const bool from_wire = local_ >= 0 && !wire_ended_ && to_local_.empty();
    pollfd fds[] = {
        {local_ >= 0 ? local_ : listener_, static_cast<short>(POLLIN | (to_local_.empty() ? 0 : POLLOUT)), 0},
        {from_wire ? wire.fd() : -1, static_cast<short>(POLLIN | (wire.unsent() > 0 ? POLLOUT : 0)), 0},
        {interrupter.fd(), POLLIN, 0},
        {library_ended_.fd(), POLLIN, 0}};
    ::poll(fds, 4, poll_timeout_ms(deadline));
  }
}

bool WireRelay::accept_library() {
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  const int fd =
      ::accept4(listener_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return false;
  if (ntohs(peer.sin_port) == admitted_) {
    local_ = fd;
  } else {
    ::close(fd);  // a stranger
  }
  return true;
}

bool WireRelay::pull(Wire& wire) {
  if (wire_ended_ || !to_local_.empty()) return false;
  char piece[kPiece];
  const auto n = wire.receive(piece, sizeof piece);
  if (n == -EAGAIN) return false;
  if (n > 0) {
    to_local_.assign(piece, static_cast<std::size_t>(n));
    brought_ += static_cast<std::size_t>(n);
  } else {
    wire_ended_ = true;
    ::shutdown(local_, SHUT_WR);
  }
  return true;
}

bool WireRelay::deliver() {
  if (to_local_.empty()) return false;
  const auto n = ::send(local_, to_local_.data(), to_local_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n > 0) {
    to_local_.erase(0, static_cast<std::size_t>(n));
    return true;
  }
  if (n < 0 && errno != EAGAIN && errno != EINTR) local_ended_ = true;
  return local_ended_;
}

bool WireRelay::push(Wire& wire) {
  char piece[kPiece];
  const auto n = ::recv(local_, piece, sizeof piece, MSG_DONTWAIT);
  if (n > 0) {
    if (!wire_ended_) wire.send(piece, static_cast<std::size_t>(n));
    return true;
  }
  if (n == 0 || (errno != EAGAIN && errno != EINTR)) local_ended_ = true;
  return local_ended_;
}

}  // namespace maand
