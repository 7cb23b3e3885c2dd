#include "reconciler/http/socket_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace maand {
namespace {

constexpr int kBacklog = 256;

std::string why(int error) { return std::strerror(error); }

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    throw ListenError("the path of the daemon's socket has " + std::to_string(path.size()) +
                      " bytes and unix sockets allow " + std::to_string(sizeof address.sun_path - 1) + ": " +
                      path + "; move the bucket to a shorter path");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

bool is_loopback_address(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    return (ntohl(in.sin_addr.s_addr) >> 24) == 127;
  }
  sockaddr_in6 in{};
  std::memcpy(&in, address, sizeof in);
  return IN6_IS_ADDR_LOOPBACK(&in.sin6_addr);
}

// `[::1]:80` → ("::1", "80"). Empty host: not of that form.
std::pair<std::string, std::string> split(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == listen.size()) return {};
  std::string host = listen.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  return {host, listen.substr(colon + 1)};
}

}  // namespace

ListeningSocket ListeningSocket::tcp(const std::string& listen) {
  const auto [host, port] = split(listen);
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (host.empty() || ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) {
    throw ListenError("\"" + listen + "\" is no address to listen on; write it like \"127.0.0.1:8484\"");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> info(found, &::freeaddrinfo);

  ListeningSocket out;
  out.loopback_ = is_loopback_address(info->ai_addr);
  out.fd_ = ::socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(out.fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Accepted sockets inherit it; without it every answer waits for the client's delayed ACK.
  ::setsockopt(out.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (out.fd_ < 0 || ::bind(out.fd_, info->ai_addr, info->ai_addrlen) != 0 ||
      ::listen(out.fd_, kBacklog) != 0) {
    const int error = errno;
    throw ListenError(
        "cannot listen on " + listen + ": " + why(error) +
        (error == EADDRINUSE ? "; another program has it, choose another one in [http] of maand.conf" : ""));
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(out.fd_, reinterpret_cast<sockaddr*>(&bound), &size);
  in_port_t network_port = 0;  // at the same place for IPv4 and IPv6
  std::memcpy(&network_port, reinterpret_cast<const char*>(&bound) + offsetof(sockaddr_in, sin_port),
              sizeof network_port);
  out.port_ = ntohs(network_port);
  return out;
}

ListeningSocket ListeningSocket::unix_file(const std::string& path) {
  const sockaddr_un address = unix_address(path);
  if (const int other = connect_unix(path); other >= 0) {
    ::close(other);
    throw ListenError("another maand answers on " + path + "; stop it first");
  }
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode)) throw ListenError(path + " is there and is no socket; move it away");
    ::unlink(path.c_str());
  }
  ListeningSocket out;
  out.loopback_ = true;
  out.fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (out.fd_ < 0 || ::bind(out.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw ListenError("cannot make the socket " + path + ": " + why(errno));
  }
  out.path_ = path;  // ours from here on: removed with us
  // Nobody can connect before listen(), so there is no moment with a wider mode.
  if (::chmod(path.c_str(), 0600) != 0 || ::listen(out.fd_, kBacklog) != 0) {
    throw ListenError("cannot listen on " + path + ": " + why(errno));
  }
  return out;
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      port_(other.port_),
      loopback_(other.loopback_),
      path_(std::exchange(other.path_, {})) {}

ListeningSocket::~ListeningSocket() { close(); }

void ListeningSocket::close() {
  if (!path_.empty()) ::unlink(path_.c_str());
  path_.clear();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

int connect_unix(const std::string& path) {
  const sockaddr_un address = unix_address(path);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

bool names_loopback(const std::string& host_header) {
  std::string host = host_header;
  const auto digits = [](const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  };
  // A port after the last colon; that of an IPv6 address stands behind its bracket.
  if (const std::size_t colon = host.rfind(':');
      colon != std::string::npos && host.find(']', colon) == std::string::npos) {
    if (!digits(host.substr(colon + 1))) return false;
    host.resize(colon);
  }
  std::transform(host.begin(), host.end(), host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (host == "localhost" || host == "[::1]") return true;
  in_addr address{};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

std::string source_of(const std::string& numeric_address) {
  in6_addr address{};
  const std::string plain = numeric_address.substr(0, numeric_address.find('%'));
  if (::inet_pton(AF_INET6, plain.c_str(), &address) != 1) return numeric_address;
  char text[INET6_ADDRSTRLEN] = "";
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    return ::inet_ntop(AF_INET, &address.s6_addr[12], text, sizeof text) ? text : numeric_address;
  }
  std::memset(&address.s6_addr[8], 0, 8);
  return ::inet_ntop(AF_INET6, &address, text, sizeof text) ? std::string(text) + "/64" : numeric_address;
}

}  // namespace maand
