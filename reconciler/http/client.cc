#include "reconciler/http/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "reconciler/http/socket_address.h"

namespace maand {
namespace {

constexpr std::chrono::seconds kSilence{45};

class Connection {
 public:
  explicit Connection(const std::string& path, std::chrono::milliseconds deadline)
      : fd_(connect_unix(path)), until_(std::chrono::steady_clock::now() + deadline) {
    if (fd_ >= 0) return;
    throw NoDaemon("no daemon answers on " + path + " (" + std::strerror(errno) +
                   "); start it with `maand serve`");
  }
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send_all(std::string_view data) {
    while (!data.empty()) {
      wait(POLLOUT);
      const ssize_t sent = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      // Refused before all was read: the answer says why.
      if (sent < 0 && errno == EPIPE) return;
      if (sent < 0 && errno != EAGAIN && errno != EINTR) fail(std::strerror(errno));
      if (sent > 0) data.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // What comes next; "": the daemon closed.
  std::string read_some(bool something_came) {
    char piece[16384];
    for (;;) {
      wait(POLLIN);
      const ssize_t got = ::recv(fd_, piece, sizeof piece, MSG_DONTWAIT);
      if (got > 0) return {piece, static_cast<std::size_t>(got)};
      if (got == 0 || (errno == ECONNRESET && something_came)) return "";
      if (errno != EAGAIN && errno != EINTR) fail(std::strerror(errno));
    }
  }
  // Until the daemon closes: it serves one request per connection.
  std::string read_all() {
    std::string out;
    for (std::string piece; !(piece = read_some(!out.empty())).empty();) out += piece;
    return out;
  }
  void allow_until(std::chrono::steady_clock::time_point until) { until_ = until; }

  [[noreturn]] static void fail(const std::string& why) {
    throw ClientError("the daemon did not answer: " + why);
  }

 private:
  void wait(short events) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - std::chrono::steady_clock::now());
    pollfd one{fd_, events, 0};
    if (left.count() <= 0 || ::poll(&one, 1, static_cast<int>(left.count())) == 0)
      fail("it took too long; see its log, and whether it is stopped or hangs");
  }

  const int fd_;
  std::chrono::steady_clock::time_point until_;
};

void require_target(const std::string& target) {
  for (const char c : target) {
    if (c <= ' ' || c == 0x7f) throw ClientError("\"" + target + "\" is no target of a request");
  }
}

// Of our own server's answer. SIZE_MAX: not said.
std::size_t content_length(std::string_view headers) {
  constexpr std::string_view kName = "\r\nContent-Length: ";
  const std::size_t at = headers.find(kName);
  std::size_t length = SIZE_MAX;
  if (at != std::string_view::npos) {
    std::from_chars(headers.data() + at + kName.size(), headers.data() + headers.size(), length);
  }
  return length;
}

}  // namespace

ClientReply ApiClient::call(const std::string& method, const std::string& target,
                            const std::string& body) const {
  require_target(target);
  Connection connection(path_, deadline_);
  std::string request = method + ' ' + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
  if (method == "POST") {
    request += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  }
  connection.send_all(request + "\r\n" + body);
  const std::string answer = connection.read_all();

  ClientReply reply;
  const std::size_t head = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.1 ") || answer.size() < 12 || head == std::string::npos ||
      std::from_chars(answer.data() + 9, answer.data() + 12, reply.status).ec != std::errc{}) {
    Connection::fail(answer.empty() ? "it closed the connection" : "what came is no HTTP");
  }
  reply.body = answer.substr(head + 4);
  // The end of the connection is the end of the answer only if all of it came.
  const std::size_t length = content_length(std::string_view(answer).substr(0, head));
  if (reply.body.size() != length) Connection::fail("its answer was cut off");
  return reply;
}

bool ApiClient::follow(const std::string& target, const std::function<bool(std::string_view)>& sink) const {
  require_target(target);
  Connection connection(path_, deadline_);
  connection.send_all("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  std::string head;
  std::size_t end = std::string::npos;
  while ((end = head.find("\r\n\r\n")) == std::string::npos) {
    const std::string piece = connection.read_some(!head.empty());
    if (piece.empty()) Connection::fail("it closed the connection");
    head += piece;
  }
  std::string piece = head.substr(end + 4);
  if (!head.starts_with("HTTP/1.1 200"))
    throw ClientRefused("the daemon answered " + piece + connection.read_all());
  do {
    if (!piece.empty() && !sink(piece)) return false;
    connection.allow_until(std::chrono::steady_clock::now() + kSilence);
  } while (!(piece = connection.read_some(true)).empty());
  return true;
}

}  // namespace maand
