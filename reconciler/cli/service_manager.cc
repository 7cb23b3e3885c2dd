#include "reconciler/cli/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace maand {
namespace {

std::string take(const char* name) {
  const char* value = std::getenv(name);
  std::string out = value ? value : "";
  ::unsetenv(name);
  return out;
}

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t out = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, out);
  if (error != std::errc() || stopped != end || out <= 0) return std::nullopt;
  return out;
}

}  // namespace

ServiceManager::ServiceManager() : socket_(take("NOTIFY_SOCKET")) {
  const std::optional<std::int64_t> allowed = number(take("WATCHDOG_USEC"));
  const std::string whose = take("WATCHDOG_PID");
  // Another process's watchdog, inherited: sd_watchdog_enabled(3).
  const bool ours = whose.empty() || number(whose) == std::int64_t{::getpid()};
  if (allowed && ours) watchdog_ = std::chrono::microseconds(*allowed);
}

void ServiceManager::ready(Inbox& inbox) const {
  tell("READY=1");
  if (beat_interval().count() > 0) feed(inbox);
}

std::chrono::microseconds ServiceManager::beat_interval() const {
  return socket_.empty() ? std::chrono::microseconds(0) : watchdog_ / 3;
}

void ServiceManager::beat() const {
  if (beat_interval().count() > 0) tell("WATCHDOG=1");
}

void ServiceManager::feed(Inbox& inbox) const {
  tell("WATCHDOG=1");
  inbox.post_at(inbox.now() + watchdog_ / 3, [this, &inbox] { feed(inbox); });
}

// A service manager that does not listen is no reason to do anything else.
void ServiceManager::tell(const std::string& state) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() < 2 || socket_.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  // Abstract names are written with an @ and begin with a zero byte.
  const bool abstract = socket_.front() == '@';
  if (abstract) address.sun_path[0] = '\0';
  const auto length =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size() + (abstract ? 0 : 1));
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  // MSG_DONTWAIT: a full queue must not become the hang that it is there to find.
  [[maybe_unused]] const ssize_t sent =
      ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
               reinterpret_cast<const sockaddr*>(&address), length);  // NOLINT: how sockets take addresses
  ::close(fd);
}

}  // namespace maand
