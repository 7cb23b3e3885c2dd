// Where a server listens: a TCP address or a unix socket.
#pragma once

#include <stdexcept>
#include <string>

namespace maand {

// An address that cannot be understood, is taken, or may not be used; says which and what to do.
class ListenError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A listening socket, closed at the end; a unix socket's file goes with it.
class ListeningSocket {
 public:
  // `127.0.0.1:8484`, `[::1]:8484`, `localhost:0`. Port 0 takes a free one.
  static ListeningSocket tcp(const std::string& listen);
  // The file is 0600 before anybody can connect. One that a dead process left
  // behind is replaced; one that answers is an error. unix(7): at most 107 bytes.
  static ListeningSocket unix_file(const std::string& path);

  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&&) = delete;
  ~ListeningSocket();

  // Nobody can connect any more, and who waited to be accepted is let go.
  void close();

  int fd() const { return fd_; }
  bool is_unix() const { return !path_.empty(); }
  int port() const { return port_; }  // 0 for a unix socket
  // Connections come from this host alone.
  bool is_loopback() const { return loopback_; }

 private:
  ListeningSocket() = default;
  int fd_ = -1;
  int port_ = 0;
  bool loopback_ = false;
  std::string path_;
};

// Connects to a unix socket. -1 with errno when nobody answers; throws
// ListenError when the path is too long.
int connect_unix(const std::string& path);

// A Host header that names this host's loopback: `localhost`, `127.x.y.z`,
// `[::1]`, each with or without a port. What keeps a web page that rebinds its
// DNS name to 127.0.0.1 from reading the API (R6.2).
bool names_loopback(const std::string& host_header);

// What counts as one sender where senders are counted: an IPv4 address, or the
// first 64 bits of an IPv6 address, which is what one host or household has.
std::string source_of(const std::string& numeric_address);

}  // namespace maand
