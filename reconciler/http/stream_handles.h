// Bytes in memory as cpp-httplib's Stream. Included by request_head.cc only.
#pragma once

#include <httplib.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace maand {

class MemoryStream : public httplib::Stream {
 public:
  explicit MemoryStream(std::string_view in) : in_(in) {}

  bool is_readable() const override { return !in_.empty(); }
  bool is_writable() const override { return true; }
  ssize_t read(char* out, size_t size) override {
    const std::size_t count = std::min(size, in_.size());
    std::copy_n(in_.data(), count, out);
    in_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* data, size_t size) override {
    written_.append(data, size);
    return static_cast<ssize_t>(size);
  }
  using httplib::Stream::write;

  // Who is there is known without it.
  void get_remote_ip_and_port(std::string& ip, int& port) const override { ip.clear(), port = 0; }
  void get_local_ip_and_port(std::string& ip, int& port) const override { ip.clear(), port = 0; }
  socket_t socket() const override { return INVALID_SOCKET; }

  const std::string& written() const { return written_; }

 private:
  std::string_view in_;
  std::string written_;
};

}  // namespace maand
