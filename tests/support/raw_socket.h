// A TCP or unix connection without any HTTP in it, for what no proper client would send.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace maand {

class RawSocket {
 public:
  explicit RawSocket(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect to port " + std::to_string(port));
    }
  }
  RawSocket(RawSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~RawSocket() {
    if (fd_ >= 0) ::close(fd_);
  }

  // False: the other side is gone.
  bool send(std::string_view data) {
    while (!data.empty()) {
      const ssize_t sent = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      data.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // Everything until the other side closes.
  std::string read_all() {
    std::string out;
    char piece[4096];
    for (ssize_t got = 0; (got = ::recv(fd_, piece, sizeof piece, 0)) > 0;) {
      out.append(piece, static_cast<std::size_t>(got));
    }
    return out;
  }
  // Everything until `end` has come, or the other side closes.
  std::string read_until(std::string_view end) {
    std::string out;
    char piece[65536];
    for (ssize_t got = 0; (got = ::recv(fd_, piece, sizeof piece, MSG_PEEK)) > 0;) {
      const std::size_t before = out.size();
      const std::size_t from = before - std::min(before, end.size() - 1);
      out.append(piece, static_cast<std::size_t>(got));
      const std::size_t at = out.find(end, from);
      if (at != std::string::npos) out.resize(at + end.size());
      // What was looked at is taken; what comes behind the end stays.
      if (::recv(fd_, piece, out.size() - before, 0) < 0 || at != std::string::npos) break;
    }
    return out;
  }
  // Nothing came and nobody closed so far.
  bool still_waiting() const {
    pollfd one{fd_, POLLIN, 0};
    return ::poll(&one, 1, 0) == 0;
  }

 private:
  int fd_;
};

}  // namespace maand
