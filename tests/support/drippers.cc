#include "tests/support/drippers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>

namespace maand::testing {
namespace {

using Clock = std::chrono::steady_clock;

// Never an end of it: a head of one endless line.
bool drip(int fd) { return ::send(fd, "G", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1; }

}  // namespace

void allow_many_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 16384);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Drippers::Drippers(int port, std::size_t count) : port_(port) {
  for (std::size_t i = 0; i < count; ++i) {
    const int fd = connect();
    if (fd < 0) throw std::runtime_error("dripper " + std::to_string(i) + " cannot connect");
    drip(fd);
    clients_.push_back(fd);
  }
  thread_ = std::thread([this] { run(); });
}

Drippers::~Drippers() {
  leaving_ = true;
  thread_.join();
  for (const int fd : clients_) {
    if (fd >= 0) ::close(fd);
  }
}

int Drippers::connect() const {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

void Drippers::run() {
  while (!leaving_) {
    for (int& fd : clients_) {
      if (leaving_) return;
      pollfd one{fd, POLLIN, 0};
      const bool let_go =
          fd < 0 || ::poll(&one, 1, 0) != 0 || !drip(fd);  // nothing is said to those who wait
      if (!let_go) continue;
      if (fd >= 0) ::close(fd);
      fd = connect();
      if (fd >= 0 && drip(fd)) ++come_back_;
    }
    const Clock::time_point next = Clock::now() + std::chrono::seconds(1);
    while (!leaving_ && Clock::now() < next) {
      // lint-allow-sleep: a byte a second is what they are
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
}

}  // namespace maand::testing
