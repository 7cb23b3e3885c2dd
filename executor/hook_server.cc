#include "executor/hook_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "executor/hook_options.h"
#include "executor/thread_pool.h"

namespace maand {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostConnections = 1024;
constexpr int kHandlers = 8;
constexpr std::size_t kMostHeldBytes = 64u << 20;  // of all requests that are not answered yet
constexpr std::chrono::seconds kToAsk{10};         // a whole request
constexpr std::chrono::seconds kToTake{30};        // a reply
constexpr std::chrono::seconds kToLeave{2};        // after it
constexpr std::chrono::milliseconds kTick{100};

// What handlers hand back; outlives the server with whoever still holds a sink.
struct Mailbox {
  std::mutex mutex;
  int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::map<std::uint64_t, HookReply> replies;
  ~Mailbox() { ::close(wake); }
  void put(std::uint64_t connection, HookReply reply) {
    const std::lock_guard guard(mutex);
    replies.try_emplace(connection, std::move(reply));
    ::eventfd_write(wake, 1);
  }
  std::map<std::uint64_t, HookReply> take() {
    const std::lock_guard guard(mutex);
    eventfd_t ignored = 0;
    ::eventfd_read(wake, &ignored);
    return std::exchange(replies, {});
  }
};

struct Connection {
  enum class At { kAsking, kWaiting, kTaking, kLeaving };
  ~Connection() {
    *gone = true;
    ::close(fd);
  }
  int fd = -1;
  At at = At::kAsking;
  std::uint16_t client_port = 0;
  HookRequestReader reader;
  std::size_t held = 0;  // bytes of its request
  std::string out;
  Clock::time_point due;  // kWaiting: none
  std::shared_ptr<std::atomic<bool>> gone = std::make_shared<std::atomic<bool>>(false);
};

int listen_on(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::listen(fd, 256) == 0)
    return fd;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  const std::string where = "127.0.0.1:" + std::to_string(port);
  if (error == EADDRINUSE)
    throw HookProblem("the runtime API cannot listen on " + where +
                      ", which another program has; end that, or set hooks.port to another port");
  throw HookProblem("the runtime API cannot listen on " + where + " (hooks.port): " + std::strerror(error));
}

int port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

}  // namespace

class HookServer::Loop {
 public:
  Loop(int port, Handler handler, Tick tick)
      : handler_(std::move(handler)),
        tick_(std::move(tick)),
        listener_(listen_on(port)),
        port_(port_of(listener_)) {
    thread_ = std::thread([this] { run(); });
  }
  ~Loop() {
    stopping_ = true;
    ::eventfd_write(mailbox_->wake, 1);
    thread_.join();
    connections_.clear();
    ::close(listener_);
  }
  int port() const { return port_; }

 private:
  using At = Connection::At;

  void run() {
    while (!stopping_) {
      std::vector<pollfd> fds = {{mailbox_->wake, POLLIN, 0},
                                 {connections_.size() < kMostConnections ? listener_ : -1, POLLIN, 0}};
      std::vector<std::uint64_t> ids;
      for (const auto& [id, connection] : connections_) {
        const short events = connection->at == At::kTaking    ? POLLOUT
                             : connection->at == At::kWaiting ? POLLRDHUP
                                                              : POLLIN;
        fds.push_back({connection->fd, events, 0});
        ids.push_back(id);
      }
      // Without connections nobody waits for anything.
      ::poll(fds.data(), fds.size(), connections_.empty() ? -1 : static_cast<int>(kTick.count()));
      for (auto& [id, reply] : mailbox_->take()) begin_reply(id, reply);
      for (std::size_t i = 0; i < ids.size(); ++i) {
        if (fds[i + 2].revents != 0) on_news(ids[i], fds[i + 2].revents);
      }
      if (fds[1].revents != 0) accept_some();
      const Clock::time_point now = Clock::now();
      std::erase_if(connections_, [&](const auto& one) {
        return one.second->at != At::kWaiting && now >= one.second->due;
      });
      tick_();
    }
  }

  void accept_some() {
    while (connections_.size() < kMostConnections) {
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      const int fd =
          ::accept4(listener_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd < 0) return;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto connection = std::make_unique<Connection>();
      connection->fd = fd;
      connection->client_port = ntohs(peer.sin_port);
      connection->due = Clock::now() + kToAsk;
      connections_.emplace(next_++, std::move(connection));
    }
  }

  void on_news(std::uint64_t id, short events) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    Connection& connection = *found->second;
    bool stays = true;
    switch (connection.at) {
      case At::kAsking:
        stays = read_some(id, connection);
        break;
      case At::kWaiting:
        stays = (events & (POLLRDHUP | POLLHUP | POLLERR)) == 0;  // nobody waits for it any more
        break;
      case At::kTaking:
        stays = write_some(connection);
        break;
      case At::kLeaving: {
        char buffer[65536];
        const ssize_t got = ::recv(connection.fd, buffer, sizeof buffer, 0);
        stays = got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
        break;
      }
    }
    if (!stays) connections_.erase(id);
  }

  bool read_some(std::uint64_t id, Connection& connection) {
    char buffer[65536];
    const ssize_t got = ::recv(connection.fd, buffer, sizeof buffer, 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    connection.held += static_cast<std::size_t>(got);
    std::size_t held = 0;
    for (const auto& [other, one] : connections_) held += one->held;
    if (held > kMostHeldBytes) {
      begin_reply(id, {.status = 503, .body = "too much is being asked at once; try again\n"});
      return true;
    }
    switch (connection.reader.take({buffer, static_cast<std::size_t>(got)})) {
      case HookRequestReader::State::kMore:
        if (connection.reader.wants_continue()) {
          static constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
          ::send(connection.fd, kGoOn.data(), kGoOn.size(), MSG_NOSIGNAL);
        }
        return true;
      case HookRequestReader::State::kRefused:
        begin_reply(id, connection.reader.refusal());
        return true;
      case HookRequestReader::State::kWhole:
        break;
    }
    connection.at = At::kWaiting;
    HookRequest request = std::move(connection.reader.request());
    request.client_port = connection.client_port;
    request.server_port = static_cast<std::uint16_t>(port_);
    request.gone = connection.gone;
    Sink sink = [mailbox = mailbox_, id](HookReply reply) { mailbox->put(id, std::move(reply)); };
    pool_.run([this, request = std::move(request), sink = std::move(sink)]() mutable {
      if (!stopping_) handler_(std::move(request), std::move(sink));
    });
    return true;
  }

  void begin_reply(std::uint64_t id, const HookReply& reply) {
    const auto found = connections_.find(id);
    if (found == connections_.end() || found->second->at == At::kTaking || found->second->at == At::kLeaving)
      return;
    Connection& connection = *found->second;
    connection.out = reply.bytes();
    connection.held = 0;
    connection.at = At::kTaking;
    connection.due = Clock::now() + kToTake;
    if (!write_some(connection)) connections_.erase(id);
  }

  static bool write_some(Connection& connection) {
    while (!connection.out.empty()) {
      const ssize_t put = ::send(connection.fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return errno == EAGAIN;
      connection.out.erase(0, static_cast<std::size_t>(put));
    }
    // Closed at once, what it still sends would take the reply with it.
    ::shutdown(connection.fd, SHUT_WR);
    connection.at = At::kLeaving;
    connection.due = Clock::now() + kToLeave;
    return true;
  }

  const Handler handler_;
  const Tick tick_;
  const int listener_;
  const int port_;
  const std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  std::atomic<bool> stopping_ = false;
  // The loop's own.
  std::map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::uint64_t next_ = 1;
  ThreadPool pool_{kHandlers};
  std::thread thread_;
};

HookServer::HookServer(int port, Handler handler, Tick tick)
    : loop_(std::make_unique<Loop>(port, std::move(handler), std::move(tick))) {}
HookServer::~HookServer() = default;
int HookServer::port() const { return loop_->port(); }

}  // namespace maand
