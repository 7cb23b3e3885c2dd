#include "gitsource/bounded_command.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "gitsource/child_process.h"
#include "reconciler/core/ports.h"

namespace maand {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr off_t kMostOutputBytes = 1 << 20;
constexpr milliseconds kLookEvery{100};

std::string path_of(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  for (const char* directory : {"/usr/local/bin/", "/usr/bin/", "/bin/"}) {
    const std::string path = directory + name;
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return "";
}

std::vector<std::string> environment(const std::string& home) {
  std::vector<std::string> out = {"HOME=" + home, "GNUPGHOME=" + home};
  if (const char* zone = std::getenv("TZ")) out.push_back(std::string("TZ=") + zone);
  return out;
}

bool fill(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return ::lseek(fd, 0, SEEK_SET) == 0;
}

std::string content(int fd) {
  struct stat about {};
  if (::fstat(fd, &about) != 0) return "";
  std::string out(static_cast<std::size_t>(std::min(about.st_size, kMostOutputBytes)), '\0');
  const ssize_t got = ::pread(fd, out.data(), out.size(), 0);
  out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return out;
}

bool too_much(int fd) {
  struct stat about {};
  return ::fstat(fd, &about) == 0 && about.st_size > kMostOutputBytes;
}

// -1: it cannot be started.
pid_t spawn(const std::string& program, const BoundedCommand& command, const ChildStart& start) {
  std::vector<std::string> words = command.argv;
  words.front() = program;
  try {
    return spawn_child(words, ChildSees::kBare, start);
  } catch (const SourceError&) {
    return -1;
  }
}

// How long it may go on, looked at again and again. kExited: it has ended.
CommandEnd::Kind watch(pid_t pid, const BoundedCommand& command, int out, int err) {
  const OwnedFd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (handle.get() < 0) return CommandEnd::Kind::kUnstarted;
  const auto last_moment = Steady::now() + command.deadline;
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(last_moment - Steady::now());
    if (left.count() <= 0) return CommandEnd::Kind::kTimedOut;
    pollfd ended{handle.get(), POLLIN, 0};
    if (::poll(&ended, 1, static_cast<int>(std::min(left, kLookEvery).count())) > 0)
      return CommandEnd::Kind::kExited;
    if (command.stopped && command.stopped()) return CommandEnd::Kind::kStopped;
    if (too_much(out) || too_much(err)) return CommandEnd::Kind::kTooMuch;
  }
}

}  // namespace

CommandEnd run_bounded(const BoundedCommand& command) {
  CommandEnd end;
  const std::string program = path_of(command.argv.front());
  if (program.empty() || ::access(program.c_str(), X_OK) != 0) {
    end.kind = CommandEnd::Kind::kMissing;
    return end;
  }
  // Memory files: they never fill up as pipes do, and nobody has to read while it runs.
  const OwnedFd in(::memfd_create("command-in", MFD_CLOEXEC));
  const OwnedFd out(::memfd_create("command-out", MFD_CLOEXEC));
  const OwnedFd err(::memfd_create("command-err", MFD_CLOEXEC));
  if (in.get() < 0 || out.get() < 0 || err.get() < 0 || !fill(in.get(), command.input)) return end;
  const pid_t pid = spawn(
      program, command,
      {.in = in.get(), .out = out.get(), .err = err.get(), .lock = -1, .more = environment(command.home)});
  if (pid < 0) return end;
  // A look every 100 ms would be too late for one that floods memory.
  const rlimit files{kMostOutputBytes + 1, kMostOutputBytes + 1};
  ::prlimit(pid, RLIMIT_FSIZE, &files, nullptr);
  end.kind = watch(pid, command, out.get(), err.get());
  ::kill(-pid, SIGKILL);  // its helpers as well, when it has left any
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  end.out = content(out.get());
  end.err = content(err.get());
  if (end.kind != CommandEnd::Kind::kExited) return end;
  if (WIFEXITED(status)) {
    end.status = WEXITSTATUS(status);
  } else {
    end.kind = CommandEnd::Kind::kCrashed;
  }
  if (too_much(out.get()) || too_much(err.get())) end.kind = CommandEnd::Kind::kTooMuch;
  return end;
}

}  // namespace maand
