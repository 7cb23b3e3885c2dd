// A socket as cpp-httplib's Stream, with a deadline for the whole connection and
// a limit for what is read from it. httplib's own has timeouts per read and no
// limit on headers (libraries.md). Included by server.cc only.
#pragma once

#include <httplib.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string>

namespace maand {

class DeadlineStream : public httplib::Stream {
 public:
  DeadlineStream(int fd, std::chrono::steady_clock::time_point deadline, std::size_t read_limit_bytes)
      : fd_(fd), deadline_(deadline), left_(read_limit_bytes) {}

  bool is_readable() const override { return begin_ < end_ || wait(POLLIN); }
  bool is_writable() const override { return wait(POLLOUT); }

  // httplib reads headers byte by byte; the buffer saves a system call for each.
  ssize_t read(char* out, size_t size) override {
    if (begin_ == end_) {
      const std::size_t room = std::min(buffer_.size(), left_);
      if (room == 0 || !wait(POLLIN)) return -1;
      const ssize_t got = ::recv(fd_, buffer_.data(), room, 0);
      if (got <= 0) return got;
      begin_ = 0;
      end_ = static_cast<std::size_t>(got);
      left_ -= end_;
    }
    const std::size_t count = std::min(size, end_ - begin_);
    std::copy_n(buffer_.data() + begin_, count, out);
    begin_ += count;
    return static_cast<ssize_t>(count);
  }

  ssize_t write(const char* data, size_t size) override {
    if (!wait(POLLOUT)) return -1;
    return ::send(fd_, data, size, MSG_NOSIGNAL);
  }
  using httplib::Stream::write;

  // Who is there is said by the server (uid), not by the stream.
  void get_remote_ip_and_port(std::string& ip, int& port) const override { ip.clear(), port = 0; }
  void get_local_ip_and_port(std::string& ip, int& port) const override { ip.clear(), port = 0; }
  socket_t socket() const override { return fd_; }

 private:
  bool wait(short events) const {
    for (;;) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
      if (left.count() <= 0) return false;
      pollfd one{fd_, events, 0};
      const int ready = ::poll(&one, 1, static_cast<int>(left.count()));
      if (ready > 0) return true;
      if (ready == 0 || errno != EINTR) return false;
    }
  }

  const int fd_;
  const std::chrono::steady_clock::time_point deadline_;
  std::size_t left_;
  std::array<char, 4096> buffer_{};
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace maand
