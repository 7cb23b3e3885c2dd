#include "tests/support/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <iterator>
#include <limits>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace maand::testing {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kMostHeld = 4u << 20;  // a direction; the sender is held back above it

struct Piece {
  Clock::time_point due;
  std::string bytes;
};

// One direction of one relayed connection.
struct Lane {
  int from = -1, to = -1;
  std::deque<Piece> held;
  std::size_t held_bytes = 0;
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();  // bytes until the fault
  std::uint64_t relayed = 0;
  bool ended = false;   // the sender has closed its side
  bool passed = false;  // and the receiver was told

  bool wants_input() const { return !ended && held_bytes < kMostHeld; }
  bool wants_output(Clock::time_point now) const { return !held.empty() && held.front().due <= now; }
};

struct Relay {
  std::array<Lane, 2> lanes;  // by Direction
  std::chrono::milliseconds delay{0};
  std::optional<ProxyFault> fault;
  bool stalled = false;
};

sockaddr_in to_sockaddr(const std::string& address, int port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, address.c_str(), &to.sin_addr);
  return to;
}

void set_nodelay(int fd) {
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

}  // namespace

struct TcpProxy::Impl {
  Impl(const std::string& target_address, int target_port)
      : target(to_sockaddr(target_address, target_port)) {
    listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    auto at = to_sockaddr(address, 0);
    socklen_t size = sizeof at;
    if (listener < 0 || wake < 0 || ::bind(listener, reinterpret_cast<sockaddr*>(&at), size) != 0 ||
        ::listen(listener, 256) != 0 ||
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
      throw std::runtime_error(std::string("the proxy cannot listen: ") + std::strerror(errno));
    }
    port = ntohs(at.sin_port);
    thread = std::thread([this] { loop(); });
  }
  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    poke();
    thread.join();
    for (auto& relay : relays) close(relay);
    ::close(listener);
    ::close(wake);
  }

  void poke() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = ::write(wake, &one, sizeof one);
  }

  static void close(Relay& relay) {
    ::close(relay.lanes[0].from);
    ::close(relay.lanes[0].to);
  }

  void accept_one() {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) return;
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0) {
      ::close(client);
      ::close(server);
      return;
    }
    set_nodelay(client);
    set_nodelay(server);
    Relay relay;
    relay.delay = delay;
    relay.fault = fault;
    relay.lanes[0].from = relay.lanes[1].to = client;
    relay.lanes[0].to = relay.lanes[1].from = server;
    if (fault) relay.lanes[static_cast<std::size_t>(fault->direction)].limit = fault->after_bytes;
    relays.push_back(std::move(relay));
    if (once) fault.reset();
    once = false;
    ++accepted;
  }

  // False when the relay is over.
  static bool move_in(Relay& relay, Lane& lane) {
    char buffer[65536];
    const auto n = ::recv(lane.from, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n > 0) {
      lane.held.push_back({Clock::now() + relay.delay, std::string(buffer, static_cast<std::size_t>(n))});
      lane.held_bytes += static_cast<std::size_t>(n);
    } else if (n == 0) {
      lane.ended = true;
    } else if (errno != EAGAIN && errno != EINTR) {
      return false;
    }
    return true;
  }

  static bool move_out(Relay& relay, Lane& lane) {
    while (lane.wants_output(Clock::now())) {
      auto& piece = lane.held.front();
      const auto allowed =
          static_cast<std::size_t>(std::min<std::uint64_t>(piece.bytes.size(), lane.limit - lane.relayed));
      if (allowed > 0) {
        const auto n = ::send(lane.to, piece.bytes.data(), allowed, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0) return errno == EAGAIN || errno == EINTR;
        lane.relayed += static_cast<std::uint64_t>(n);
        lane.held_bytes -= static_cast<std::size_t>(n);
        piece.bytes.erase(0, static_cast<std::size_t>(n));
      }
      if (lane.relayed == lane.limit) {
        if (relay.fault->kind == ProxyFault::Kind::kCut) return false;
        relay.stalled = true;
        return true;
      }
      if (piece.bytes.empty()) lane.held.pop_front();
    }
    if (lane.ended && lane.held.empty() && !lane.passed) {
      ::shutdown(lane.to, SHUT_WR);
      lane.passed = true;
    }
    return !(relay.lanes[0].passed && relay.lanes[1].passed);
  }

  // One turn for every relay; what poll(2) said is asked of the sockets again.
  void turn() {
    for (auto relay = relays.begin(); relay != relays.end();) {
      bool alive = true;
      for (auto& lane : relay->lanes) {
        if (alive && !relay->stalled && lane.wants_input()) alive = move_in(*relay, lane);
        // A limit of nothing is reached before the first byte arrives.
        if (alive && !relay->stalled && lane.limit == 0) {
          if (relay->fault->kind == ProxyFault::Kind::kCut) alive = false;
          relay->stalled = true;
        }
        if (alive && !relay->stalled) alive = move_out(*relay, lane);
      }
      if (std::next(relay) == relays.end()) {
        for (std::size_t i = 0; i < 2; ++i) newest[i] = relay->lanes[i].relayed;
      }
      if (alive) {
        ++relay;
      } else {
        close(*relay);
        relay = relays.erase(relay);
      }
    }
  }

  void loop() {
    std::vector<pollfd> fds;
    for (;;) {
      int timeout = -1;
      fds.assign({{listener, POLLIN, 0}, {wake, POLLIN, 0}});
      {
        const std::lock_guard lock(mutex);
        if (stopping) return;
        const auto now = Clock::now();
        for (auto& relay : relays) {
          if (relay.stalled) continue;
          for (auto& lane : relay.lanes) {
            if (lane.wants_input()) fds.push_back({lane.from, POLLIN, 0});
            if (lane.wants_output(now)) fds.push_back({lane.to, POLLOUT, 0});
            if (!lane.held.empty() && lane.held.front().due > now) {
              const auto left =
                  std::chrono::ceil<std::chrono::milliseconds>(lane.held.front().due - now).count();
              timeout = timeout < 0 ? static_cast<int>(left) : std::min(timeout, static_cast<int>(left));
            }
          }
        }
      }
      ::poll(fds.data(), fds.size(), timeout);
      const std::lock_guard lock(mutex);
      std::uint64_t ignored;
      if ((fds[1].revents & POLLIN) != 0) [[maybe_unused]]
        const auto n = ::read(wake, &ignored, sizeof ignored);
      if ((fds[0].revents & POLLIN) != 0) accept_one();
      turn();
    }
  }

  const sockaddr_in target;
  const std::string address = "127.0.0.1";
  int port = 0;
  int listener = -1;
  int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  mutable std::mutex mutex;
  std::list<Relay> relays;
  std::optional<ProxyFault> fault;
  bool once = false;
  std::chrono::milliseconds delay{0};
  int accepted = 0;
  std::array<std::uint64_t, 2> newest{};
  bool stopping = false;
  std::thread thread;
};

TcpProxy::TcpProxy(const std::string& target_address, int target_port)
    : impl_(std::make_unique<Impl>(target_address, target_port)) {}
TcpProxy::~TcpProxy() = default;

const std::string& TcpProxy::address() const { return impl_->address; }
int TcpProxy::port() const { return impl_->port; }

void TcpProxy::set_fault(std::optional<ProxyFault> fault) {
  const std::lock_guard lock(impl_->mutex);
  impl_->fault = fault;
  impl_->once = false;
}

void TcpProxy::set_fault_once(const ProxyFault& fault) {
  const std::lock_guard lock(impl_->mutex);
  impl_->fault = fault;
  impl_->once = true;
}

void TcpProxy::set_delay(std::chrono::milliseconds one_way) {
  const std::lock_guard lock(impl_->mutex);
  impl_->delay = one_way;
}

void TcpProxy::cut_all() {
  {
    const std::lock_guard lock(impl_->mutex);
    for (auto& relay : impl_->relays) Impl::close(relay);
    impl_->relays.clear();
  }
  impl_->poke();
}

void TcpProxy::stall_all() {
  {
    const std::lock_guard lock(impl_->mutex);
    for (auto& relay : impl_->relays) relay.stalled = true;
  }
  impl_->poke();
}

int TcpProxy::connections() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->accepted;
}

std::uint64_t TcpProxy::relayed(Direction direction) const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->newest[static_cast<std::size_t>(direction)];
}

}  // namespace maand::testing
