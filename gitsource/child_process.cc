#include "gitsource/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "reconciler/core/ports.h"

namespace maand {
namespace {

// Nothing of the daemon's environment that could steer git or leak a secret.
std::vector<std::string> clean_environment(ChildSees sees) {
  std::vector<std::string> out = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C"};
  const auto pass_on = [&](const char* name) {
    if (const char* value = std::getenv(name)) out.push_back(std::string(name) + "=" + value);
  };
  for (const char* name : {"ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) pass_on(name);
  if (sees == ChildSees::kBare) return out;
  for (const char* name : {"SSH_AUTH_SOCK", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"})
    pass_on(name);
  return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

void throw_child_errno(const std::string& doing) {
  throw SourceError(SourceProblem::kOther, "could not " + doing + ": " + std::strerror(errno));
}

OwnedFd::OwnedFd(int fd) : fd_(fd < 0 ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, 10)) {
  if (fd >= 0) ::close(fd);
}
OwnedFd::OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  reset();
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}
void OwnedFd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

pid_t spawn_child(const std::vector<std::string>& command, ChildSees sees, const ChildStart& start) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, start.in, 0);
  posix_spawn_file_actions_adddup2(&actions, start.out, 1);
  posix_spawn_file_actions_adddup2(&actions, start.err, 2);
  if (start.lock >= 0) posix_spawn_file_actions_adddup2(&actions, start.lock, 3);
  posix_spawn_file_actions_addclosefrom_np(&actions, start.lock >= 0 ? 4 : 3);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);  // Ctrl-C at a terminal is for us alone
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> words = command;
  std::vector<std::string> variables = clean_environment(sees);
  variables.insert(variables.end(), start.more.begin(), start.more.end());
  const std::vector<char*> argv = pointers_to(words);
  const std::vector<char*> environment = pointers_to(variables);
  pid_t pid = -1;
  const int rc = ::posix_spawn(&pid, argv[0], &actions, &attributes, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (rc != 0) {
    errno = rc;
    throw_child_errno("start the child " + command.front());
  }
  return pid;
}

std::string read_stdin(std::size_t most) {
  std::string out;
  char buffer[65536];
  ssize_t got = 0;
  while ((got = ::read(STDIN_FILENO, buffer, sizeof buffer)) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    out.append(buffer, static_cast<std::size_t>(got));
    if (out.size() > most) break;
  }
  return out;
}

std::string tail_of_file(int fd) {
  char buffer[1500];
  const off_t size = ::lseek(fd, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(sizeof buffer));
  const ssize_t got = ::pread(fd, buffer, sizeof buffer, from);
  std::string out(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return out;
}

ChildReaper::~ChildReaper() {
  for (const pid_t pid : unreaped_) ::waitpid(pid, nullptr, WNOHANG);
}

void ChildReaper::end(pid_t pid) {
  const OwnedFd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  ::kill(pid, SIGKILL);
  pollfd dead{handle.get(), POLLIN, 0};
  if (handle.get() >= 0) ::poll(&dead, 1, 5000);
  const std::lock_guard guard(mutex_);
  unreaped_.push_back(pid);
  std::erase_if(unreaped_, [](pid_t one) { return ::waitpid(one, nullptr, WNOHANG) != 0; });
}

}  // namespace maand
