#include "reconciler/http/connection.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "reconciler/http/tls.h"

namespace maand {
namespace {

constexpr std::size_t kPieceBytes = 16 * 1024;  // a record of TLS holds no more

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

}  // namespace

Connection::Connection(int fd, const TlsContext* tls) : fd_(fd) {
  if (!tls) return;
  tls_ = tls->accept(fd);
  broken_ = tls_ == nullptr;
}

Connection::~Connection() {
  SSL_free(tls_);
  ::close(fd_);
}

// Of a call that failed. The queue of errors belongs to the thread, not to us.
Connection::Result Connection::outcome(int returned) const {
  const int error = SSL_get_error(tls_, returned);
  ERR_clear_error();
  if (error == SSL_ERROR_WANT_READ) return Result::kWantRead;
  if (error == SSL_ERROR_WANT_WRITE) return Result::kWantWrite;
  return Result::kClosed;
}

Connection::Result Connection::handshake() {
  if (broken_) return Result::kClosed;
  if (!tls_) return Result::kDone;
  ERR_clear_error();
  const int returned = SSL_do_handshake(tls_);
  if (returned == 1) return Result::kDone;
  const Result result = outcome(returned);
  broken_ = result == Result::kClosed;  // no close_notify after a fatal error
  return result;
}

Connection::Result Connection::read(std::string& into, std::size_t most) {
  char piece[kPieceBytes];
  while (most > 0) {
    const std::size_t room = std::min(most, sizeof piece);
    std::size_t got = 0;
    if (tls_) {
      ERR_clear_error();
      if (const int returned = SSL_read_ex(tls_, piece, room, &got); returned != 1) {
        const Result result = outcome(returned);
        broken_ = broken_ || result == Result::kClosed;
        return result;
      }
    } else {
      const ssize_t received = ::recv(fd_, piece, room, 0);
      if (received < 0 && errno == EINTR) continue;
      if (received < 0 && would_block()) return Result::kWantRead;
      if (received <= 0) return Result::kClosed;
      got = static_cast<std::size_t>(received);
    }
    into.append(piece, got);
    most -= got;
  }
  return Result::kDone;
}

bool Connection::holds_unread() const { return tls_ && SSL_pending(tls_) > 0; }

Connection::Result Connection::write(std::string_view& data) {
  while (!data.empty()) {
    if (tls_) {
      std::size_t sent = 0;
      ERR_clear_error();
      if (const int returned = SSL_write_ex(tls_, data.data(), data.size(), &sent); returned != 1) {
        const Result result = outcome(returned);
        broken_ = broken_ || result == Result::kClosed;
        return result;
      }
      data.remove_prefix(sent);
    } else {
      const ssize_t sent = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && would_block()) return Result::kWantWrite;
      if (sent <= 0) return Result::kClosed;
      data.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  return Result::kDone;
}

void Connection::finish() {
  if (tls_ && !broken_ && SSL_is_init_finished(tls_)) {
    ERR_clear_error();
    SSL_shutdown(tls_);  // one small record; what does not fit is no loss
    ERR_clear_error();
  }
  ::shutdown(fd_, SHUT_WR);
}

Connection::Result Connection::discard(std::size_t& most) {
  char piece[kPieceBytes];
  while (most > 0) {
    const ssize_t got = ::recv(fd_, piece, std::min(most, sizeof piece), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && would_block()) return Result::kWantRead;
    if (got <= 0) return Result::kClosed;
    most -= static_cast<std::size_t>(got);
  }
  return Result::kDone;
}

}  // namespace maand
