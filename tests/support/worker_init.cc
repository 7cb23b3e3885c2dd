// maand_test_worker_init: starts one program as process 1 of a PID namespace and
// in a mount namespace of its own.
//
//   --bind SOURCE TARGET   --chroot DIRECTORY   --boot-id FILE   -- PROGRAM ARG…
//
// A program of its own and not a fork, because the tests that need it have
// threads. File descriptor 3 is a socket to the test: one line `pid N` or
// `error …` goes there, and when its other end closes (the test is done, or
// dead) the namespace is ended with everything in it.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace {

constexpr int kControl = 3;
int report_to = kControl;

void say(int fd, const std::string& text) {
  [[maybe_unused]] const auto n = ::write(fd, text.data(), text.size());
}

[[noreturn]] void die(const std::string& what) {
  say(report_to, "error " + what + ": " + std::strerror(errno) + "\n");
  ::_exit(1);
}

void mount_or_die(const char* source, const std::string& target, const char* type, unsigned long flags) {
  if (::mount(source, target.c_str(), type, flags, nullptr) != 0) {
    die("mount on " + target + " (root and CAP_SYS_ADMIN are needed)");
  }
}

struct Plan {
  std::vector<std::pair<std::string, std::string>> binds;
  std::string chroot, boot_id;
  char** program = nullptr;
};

Plan read_plan(int argc, char** argv) {
  Plan plan;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--bind" && i + 2 < argc) {
      plan.binds.emplace_back(argv[i + 1], argv[i + 2]);
      i += 2;
    } else if (word == "--chroot" && i + 1 < argc) {
      plan.chroot = argv[++i];
    } else if (word == "--boot-id" && i + 1 < argc) {
      plan.boot_id = argv[++i];
    } else if (word == "--" && i + 1 < argc) {
      plan.program = argv + i + 1;
      return plan;
    } else {
      break;
    }
  }
  errno = EINVAL;
  die("bad arguments");
}

[[noreturn]] void become(const Plan& plan) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  mount_or_die("none", "/", nullptr, MS_REC | MS_PRIVATE);
  for (const auto& [source, target] : plan.binds)
    mount_or_die(source.c_str(), target, nullptr, MS_BIND | MS_REC);
  mount_or_die("proc", plan.chroot + "/proc", "proc", 0);
  if (!plan.boot_id.empty()) {
    mount_or_die(plan.boot_id.c_str(), plan.chroot + "/proc/sys/kernel/random/boot_id", nullptr, MS_BIND);
  }
  if (!plan.chroot.empty() && ::chroot(plan.chroot.c_str()) != 0) die("chroot");
  if (::chdir("/") != 0) die("chdir");
  ::execv(plan.program[0], plan.program);
  die(std::string("exec ") + plan.program[0]);
}

}  // namespace

int main(int argc, char** argv) {
  ::fcntl(kControl, F_SETFD, FD_CLOEXEC);
  ::syscall(SYS_close_range, 4u, ~0u, 0u);
  const auto plan = read_plan(argc, argv);
  if (::unshare(CLONE_NEWNS | CLONE_NEWPID) != 0) die("unshare (root and CAP_SYS_ADMIN are needed)");

  int pipe_fds[2];  // closes by itself when the program runs
  if (::pipe2(pipe_fds, O_CLOEXEC) != 0) die("pipe");
  const pid_t child = ::fork();
  if (child < 0) die("fork");
  if (child == 0) {
    report_to = pipe_fds[1];
    become(plan);
  }
  ::close(pipe_fds[1]);
  std::string error;
  char buffer[512];
  for (ssize_t n; (n = ::read(pipe_fds[0], buffer, sizeof buffer)) > 0;)
    error.append(buffer, static_cast<std::size_t>(n));
  say(kControl, error.empty() ? "pid " + std::to_string(child) + "\n" : error);

  const int ended = static_cast<int>(::syscall(SYS_pidfd_open, child, 0u));
  pollfd fds[2] = {{ended, POLLIN, 0}, {kControl, POLLIN, 0}};
  while (::poll(fds, 2, -1) < 0 && errno == EINTR) {
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);  // returns when the whole namespace is gone
  ::_exit(0);
}
