#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "executor/ssh_error.h"
#include "executor/wire.h"

namespace maand {

using std::chrono::steady_clock;

int poll_timeout_ms(Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 60'000));
}

namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

// What the resolving thread hands back; owned by both sides, because the
// asking one may have given up.
struct Resolution {
  std::string address, port;
  Interrupter done;
  int error = 0;
  std::vector<Address> addresses;

  void run(int flags) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    error = ::getaddrinfo(address.c_str(), port.c_str(), &hints, &list);
    for (auto* info = list; info != nullptr; info = info->ai_next) {
      Address one;
      std::memcpy(&one.storage, info->ai_addr, info->ai_addrlen);
      one.length = info->ai_addrlen;
      addresses.push_back(one);
    }
    if (list != nullptr) ::freeaddrinfo(list);
  }
};

// kMoved when `fd` has one of `events` (or an error).
Waited wait_for(int fd, short events, const Interrupter& interrupter, Deadline deadline,
                short* got = nullptr) {
  for (;;) {
    if (interrupter.fired()) return Waited::kInterrupted;
    pollfd fds[2] = {{fd, events, 0}, {interrupter.fd(), POLLIN, 0}};
    const int n = ::poll(fds, 2, poll_timeout_ms(deadline));
    if (interrupter.fired()) return Waited::kInterrupted;
    if (n > 0 && fds[0].revents != 0) {
      if (got != nullptr) *got = fds[0].revents;
      return Waited::kMoved;
    }
    if (steady_clock::now() >= deadline) return Waited::kDeadline;
  }
}

[[noreturn]] void give_up(Waited why, const std::string& doing) {
  throw SshError(WorkerCondition::kUnreachable,
                 why == Waited::kInterrupted ? "given up while " + doing + " because the daemon is stopping"
                                             : "no answer in time while " + doing);
}

std::vector<Address> resolve(const std::string& address, int port, Deadline deadline,
                             const Interrupter& interrupter) {
  const auto job = std::make_shared<Resolution>();
  job->address = address;
  job->port = std::to_string(port);
  job->run(AI_NUMERICHOST);
  if (job->error != 0) {
    std::thread([job] {
      job->run(0);
      job->done.fire();
    }).detach();
    const auto waited = wait_for(job->done.fd(), POLLIN, interrupter, deadline);
    if (waited != Waited::kMoved) give_up(waited, "resolving " + address);
    // `fired` is an acquire of what the thread wrote.
    while (!job->done.fired()) std::this_thread::yield();
  }
  if (job->error != 0 || job->addresses.empty()) {
    throw SshError(WorkerCondition::kUnreachable,
                   "cannot resolve " + address + ": " + ::gai_strerror(job->error) +
                       "; check `address` (or `host`) in workers.json and DNS");
  }
  return job->addresses;
}

class TcpWire : public Wire {
 public:
  TcpWire(int fd, std::shared_ptr<const Interrupter> interrupter)
      : fd_(fd), interrupter_(std::move(interrupter)) {}
  ~TcpWire() override { ::close(fd_); }

  void send(const char* bytes, std::size_t size) override {
    if (broken_ != 0) return;
    out_.append(bytes, size);
    flush();
  }

  ssize_t receive(char* bytes, std::size_t size) override {
    if (broken_ != 0) return -broken_;
    for (;;) {
      const auto n = ::recv(fd_, bytes, size, MSG_DONTWAIT);
      if (n > 0) return n;
      ended_ = n == 0;
      if (ended_) return 0;
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return -EAGAIN;
      broken_ = errno;
      return -broken_;
    }
  }

  std::size_t unsent() const override { return out_.size() - sent_; }

  Waited wait(Deadline deadline) override {
    if (broken_ != 0) return Waited::kMoved;
    const bool writing = unsent() > 0;
    short got = 0;
    const auto waited =
        wait_for(fd_, static_cast<short>(POLLIN | (writing ? POLLOUT : 0)), *interrupter_, deadline, &got);
    if (waited == Waited::kMoved && (got & POLLOUT) != 0) flush();
    return waited;
  }

  void abandon() override {
    if (broken_ == 0) broken_ = ECONNABORTED;
    out_.clear();
    sent_ = 0;
    ::shutdown(fd_, SHUT_RDWR);
  }

  bool alive() override {
    if (ended()) return false;
    // The end is seen even where unread packets lie before it.
    pollfd fd{fd_, POLLRDHUP, 0};
    return ::poll(&fd, 1, 0) == 0;
  }

  bool ended() const override { return ended_ || broken_ != 0; }

  int fd() const override { return fd_; }

 private:
  void flush() {
    while (unsent() > 0) {
      const auto n = ::send(fd_, out_.data() + sent_, unsent(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n >= 0) {
        sent_ += static_cast<std::size_t>(n);
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        break;
      } else if (errno != EINTR) {
        // What the peer said before it went can still be read; recv tells.
        out_.clear();
        sent_ = 0;
        return;
      }
    }
    if (sent_ == out_.size()) {
      out_.clear();
      sent_ = 0;
    } else if (sent_ > (1u << 20)) {
      out_.erase(0, sent_);
      sent_ = 0;
    }
  }

  const int fd_;
  const std::shared_ptr<const Interrupter> interrupter_;
  std::string out_;
  std::size_t sent_ = 0;
  int broken_ = 0;  // errno
  bool ended_ = false;
};

void set(int fd, int level, int option, int value) {
  // Best effort: none of these is needed for correctness, deadlines are.
  ::setsockopt(fd, level, option, &value, sizeof value);
}

}  // namespace

std::unique_ptr<Wire> connect_tcp(const std::string& address, int port, const TcpSettings& settings,
                                  Deadline deadline, std::shared_ptr<const Interrupter> interrupter) {
  const auto addresses = resolve(address, port, deadline, *interrupter);
  const auto where = address + " port " + std::to_string(port);
  std::string last_error;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    // An address that does not answer may not use up the time of the others.
    const auto now = steady_clock::now();
    const auto until = now + (deadline - now) / static_cast<long>(addresses.size() - i);
    const int fd =
        ::socket(addresses[i].storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (fd < 0) {
      last_error = std::strerror(errno);
      continue;
    }
    auto wire = std::make_unique<TcpWire>(fd, interrupter);
    const auto dead_ms = static_cast<int>(settings.dead_peer_timeout.count());
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, std::max(1, dead_ms / 3000));
    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, std::max(1, dead_ms / 6000));
    set(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
    set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, dead_ms);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&addresses[i].storage), addresses[i].length) == 0) {
      return wire;
    }
    if (errno != EINPROGRESS) {
      last_error = std::strerror(errno);
      continue;
    }
    const auto waited = wait_for(fd, POLLOUT, *interrupter, until);
    if (waited == Waited::kInterrupted) give_up(waited, "connecting to " + where);
    if (waited == Waited::kDeadline) {
      last_error = "no answer in time; is the machine up, and does a firewall let us in?";
      continue;
    }
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error == 0) return wire;
    last_error = std::strerror(error);
    if (error == ECONNREFUSED) last_error += settings.refused_hint;
  }
  throw SshError(WorkerCondition::kUnreachable, "cannot connect to " + where + ": " + last_error);
}

}  // namespace maand
