// An accepted socket, with or without TLS, that never blocks.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

struct ssl_st;

namespace maand {

class TlsContext;

class Connection {
 public:
  enum class Result {
    kDone,       // all of it
    kWantRead,   // some or none of it; go on when the socket can be read
    kWantWrite,  // … can be written
    kClosed,     // by the client, or broken: there will be nothing more
  };

  // Owns `fd`, which is non-blocking. `tls` may be null and outlives this.
  Connection(int fd, const TlsContext* tls);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }

  // Without TLS done at once.
  Result handshake();
  // Appends to `into`, at most `most` bytes.
  Result read(std::string& into, std::size_t most);
  // Bytes have come that the socket does not show any more: read() again without waiting.
  bool holds_unread() const;
  // Takes what went off the front of `data`.
  Result write(std::string_view& data);
  // Says that nothing more comes. The client may still be sending.
  void finish();
  // After finish(): takes what still comes and forgets it, at most `most` bytes.
  Result discard(std::size_t& most);

 private:
  Result outcome(int returned) const;

  const int fd_;
  ssl_st* tls_ = nullptr;
  bool broken_ = false;
};

}  // namespace maand
