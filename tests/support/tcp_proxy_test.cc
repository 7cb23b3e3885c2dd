// The proxy relays exactly, and fails exactly where it is told.
#include "tests/support/tcp_proxy.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

namespace maand::testing {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

// Sends back what it gets, one connection after another.
class EchoServer {
 public:
  EchoServer() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto at = loopback(0);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(fd_, 8), 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] {
      for (int client; (client = ::accept(fd_, nullptr, nullptr)) >= 0; ::close(client)) {
        char buffer[4096];
        for (ssize_t n; (n = ::recv(client, buffer, sizeof buffer, 0)) > 0;) {
          if (::send(client, buffer, static_cast<std::size_t>(n), MSG_NOSIGNAL) != n) break;
        }
      }
    });
  }
  ~EchoServer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  int port() const { return port_; }

 private:
  int fd_;
  int port_ = 0;
  std::thread thread_;
};

class Client {
 public:
  explicit Client(const TcpProxy& proxy) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto at = loopback(proxy.port());
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  }
  ~Client() { ::close(fd_); }
  void send(const std::string& text) const {
    [[maybe_unused]] const auto n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
  }
  void finish() const { ::shutdown(fd_, SHUT_WR); }
  // Until the end, or until `size` bytes are there.
  std::string receive(std::size_t size = 1u << 30) const {
    std::string text;
    char buffer[4096];
    for (ssize_t n; text.size() < size &&
                    (n = ::recv(fd_, buffer, std::min(sizeof buffer, size - text.size()), 0)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(n));
    }
    return text;
  }
  bool silent() const {
    char byte;
    return ::recv(fd_, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
  }

 private:
  int fd_;
};

TEST(TcpProxy, relays_both_ways_until_both_ends_are_done) {
  EchoServer echo;
  TcpProxy proxy("127.0.0.1", echo.port());
  const std::string text(300'000, 'a');
  const Client client(proxy);
  std::thread sender([&] {
    client.send(text);
    client.finish();
  });
  EXPECT_EQ(client.receive(), text);
  sender.join();
  EXPECT_EQ(proxy.connections(), 1);
}

TEST(TcpProxy, cuts_after_so_many_bytes_up) {
  EchoServer echo;
  TcpProxy proxy("127.0.0.1", echo.port());
  proxy.set_fault(ProxyFault{ProxyFault::Kind::kCut, Direction::kUp, 5});
  const Client client(proxy);
  client.send("0123456789");
  client.receive();  // ends although we did not
  EXPECT_EQ(proxy.relayed(Direction::kUp), 5u);
  proxy.set_fault(std::nullopt);
  const Client next(proxy);
  next.send("fine");
  EXPECT_EQ(next.receive(4), "fine");
}

TEST(TcpProxy, cuts_after_so_many_bytes_down) {
  EchoServer echo;
  TcpProxy proxy("127.0.0.1", echo.port());
  for (const std::size_t limit : {std::size_t{0}, std::size_t{1}, std::size_t{7}}) {
    proxy.set_fault(ProxyFault{ProxyFault::Kind::kCut, Direction::kDown, limit});
    const Client client(proxy);
    client.send("0123456789");
    EXPECT_EQ(client.receive(), std::string("0123456789").substr(0, limit));
  }
}

TEST(TcpProxy, stalls_without_closing) {
  EchoServer echo;
  TcpProxy proxy("127.0.0.1", echo.port());
  proxy.set_fault(ProxyFault{ProxyFault::Kind::kStall, Direction::kDown, 4});
  const Client client(proxy);
  client.send("0123456789");
  EXPECT_EQ(client.receive(4), "0123");
  client.send("more");
  EXPECT_TRUE(client.silent());
  proxy.cut_all();
  EXPECT_EQ(client.receive(), "");
}

TEST(TcpProxy, delays_each_way) {
  EchoServer echo;
  TcpProxy proxy("127.0.0.1", echo.port());
  proxy.set_delay(std::chrono::milliseconds(30));
  const Client client(proxy);
  const auto begin = std::chrono::steady_clock::now();
  client.send("ping");
  EXPECT_EQ(client.receive(4), "ping");
  // A lower bound cannot fail on a slow machine.
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(60));
}

}  // namespace
}  // namespace maand::testing
