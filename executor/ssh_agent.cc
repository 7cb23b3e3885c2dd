#include "executor/ssh_agent.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "executor/ssh_encoding.h"
#include "executor/ssh_error.h"

namespace maand {
namespace {

constexpr std::uint8_t kRequestIdentities = 11, kIdentitiesAnswer = 12, kSignRequest = 13, kSignResponse = 14;
constexpr std::uint32_t kRsaSha256 = 2, kRsaSha512 = 4;
constexpr std::size_t kLargestAnswer = 1u << 20;

[[noreturn]] void fail(const std::string& what) {
  throw SshError(WorkerCondition::kAuthFailed, "ssh-agent: " + what);
}

// The algorithm named in the data that is to be signed (RFC 4252 section 7).
std::string algorithm_of(std::string_view data) {
  if (!take_ssh_field(data) || data.empty()) return {};  // session id
  data.remove_prefix(1);                                 // SSH_MSG_USERAUTH_REQUEST
  if (!take_ssh_field(data) || !take_ssh_field(data) || !take_ssh_field(data) || data.empty()) return {};
  data.remove_prefix(1);  // TRUE
  return std::string(take_ssh_field(data).value_or(""));
}

}  // namespace

SshAgent::SshAgent(const std::string& socket_path, Deadline deadline,
                   std::shared_ptr<const Interrupter> interrupter)
    : deadline_(deadline), interrupter_(std::move(interrupter)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.empty()) fail("SSH_AUTH_SOCK is not set; start an agent, or name a key file as `key`");
  if (socket_path.size() >= sizeof address.sun_path) fail("the path in SSH_AUTH_SOCK is too long");
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0) fail(std::strerror(errno));
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const std::string why = std::strerror(errno);
    ::close(fd_);
    fail("cannot connect to " + socket_path + " (SSH_AUTH_SOCK): " + why);
  }
}

SshAgent::~SshAgent() { ::close(fd_); }

std::string SshAgent::ask(std::string_view request, std::uint8_t expected_type) {
  const auto out = ssh_field(request);
  std::size_t sent = 0;
  std::string in;
  std::size_t wanted = 4;  // the length first
  for (;;) {
    if (in.size() == wanted) {
      if (wanted > 4) break;
      std::string_view head = in;
      const auto size = take_ssh_u32(head).value();
      if (size == 0 || size > kLargestAnswer) fail("its answer makes no sense");
      wanted = 4 + size;
      continue;
    }
    char buffer[16384];
    const auto n = ::recv(fd_, buffer, std::min(sizeof buffer, wanted - in.size()), 0);
    if (n > 0) {
      in.append(buffer, static_cast<std::size_t>(n));
      continue;
    }
    if (n == 0) fail("it hung up");
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) fail(std::strerror(errno));
    if (sent < out.size()) {
      const auto m = ::send(fd_, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
      if (m > 0) sent += static_cast<std::size_t>(m);
      if (m < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) fail(std::strerror(errno));
    }
    if (interrupter_->fired()) fail("given up because the daemon is stopping");
    if (std::chrono::steady_clock::now() >= deadline_) fail("it does not answer");
    pollfd fds[2] = {{fd_, static_cast<short>(POLLIN | (sent < out.size() ? POLLOUT : 0)), 0},
                     {interrupter_->fd(), POLLIN, 0}};
    ::poll(fds, 2, poll_timeout_ms(deadline_));
  }
  if (static_cast<std::uint8_t>(in[4]) != expected_type) return {};
  return in.substr(5);
}

std::vector<AgentIdentity> SshAgent::identities() {
  const auto answer = ask(std::string(1, static_cast<char>(kRequestIdentities)), kIdentitiesAnswer);
  std::string_view rest = answer;
  const auto count = take_ssh_u32(rest);
  if (!count) fail("it does not list its keys");
  std::vector<AgentIdentity> all;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto blob = take_ssh_field(rest);
    const auto comment = take_ssh_field(rest);
    if (!blob || !comment) fail("its list of keys is cut off");
    std::string_view inside = *blob;
    all.push_back(
        {std::string(take_ssh_field(inside).value_or("")), std::string(*blob), std::string(*comment)});
  }
  return all;
}

std::string SshAgent::sign(const AgentIdentity& identity, std::string_view data) {
  const auto algorithm = algorithm_of(data);
  const std::uint32_t flags = algorithm == "rsa-sha2-512"   ? kRsaSha512
                              : algorithm == "rsa-sha2-256" ? kRsaSha256
                                                            : 0;
  const auto answer = ask(std::string(1, static_cast<char>(kSignRequest)) + ssh_field(identity.blob) +
                              ssh_field(data) + ssh_u32(flags),
                          kSignResponse);
  std::string_view rest = answer;
  const auto signature = take_ssh_field(rest);
  if (!signature) fail("it refused to sign with key '" + identity.comment + "'");
  std::string_view inside = *signature;
  if (!take_ssh_field(inside)) fail("its signature makes no sense");
  const auto blob = take_ssh_field(inside);
  if (!blob) fail("its signature makes no sense");
  return std::string(*blob);
}

}  // namespace maand
