#include "executor/hook_launch.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "executor/hook_processes.h"

namespace maand {
namespace {

// What could not be done on the way to the program, and errno.
struct Failure {
  int step = 0;  // index of kSteps
  int error = 0;
};
enum Step { kLimits, kIdentity, kDirectory, kProgram };
constexpr const char* kSteps[] = {"set its limits", "become the user of hooks.user", "enter its directory",
                                  "run its program"};

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> out;
  for (const std::string& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

bool limit(__rlimit_resource resource, rlim_t most, rlim_t until_killed = 0) {
  rlimit now{};
  if (::getrlimit(resource, &now) != 0) return false;
  rlimit wanted{most, most + until_killed};
  if (now.rlim_max != RLIM_INFINITY) {  // whoever started us set that
    wanted.rlim_cur = std::min(wanted.rlim_cur, now.rlim_max);
    wanted.rlim_max = std::min(wanted.rlim_max, now.rlim_max);
  }
  return ::setrlimit(resource, &wanted) == 0;
}

// `others`: tasks the user has already.
bool set_limits(const HookLimits& limits, uid_t user, int others) {
  constexpr rlim_t kLastWords = 5;  // seconds, from SIGXCPU to SIGKILL
  const auto cpu = static_cast<rlim_t>(limits.cpu.count());
  bool set = limit(RLIMIT_CORE, 0) && limit(RLIMIT_CPU, cpu, kLastWords) &&
             limit(RLIMIT_DATA, limits.data_bytes) && limit(RLIMIT_FSIZE, limits.file_bytes) &&
             limit(RLIMIT_NOFILE, limits.open_files);
  // The kernel counts all of the user's and never root's: a backstop, above what the supervisor counts and
  // names.
  if (set && user != 0) set = limit(RLIMIT_NPROC, static_cast<rlim_t>(others + 2 * limits.tasks));
  return set;
}

uid_t user_of(const HookOrder& order) { return order.identity ? order.identity->uid : ::getuid(); }

bool become(const HookOrder::Identity& who) {
  const std::vector<gid_t> groups(who.groups.begin(), who.groups.end());
  return ::setgroups(groups.size(), groups.data()) == 0 && ::setresgid(who.gid, who.gid, who.gid) == 0 &&
         ::setresuid(who.uid, who.uid, who.uid) == 0;
}

void make_harmless_to_the_daemon() {
  // When memory runs out it goes first.
  const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  [[maybe_unused]] const ssize_t put = ::write(fd, "500", 3);
  ::close(fd);
}

// Never returns.
[[noreturn]] void become_program(const HookOrder& order, int failed, int others) {
  const auto give_up = [failed](int step) {
    const Failure failure{step, errno};
    [[maybe_unused]] const ssize_t put = ::write(failed, &failure, sizeof failure);
    ::_exit(127);
  };
  // Before its limits are ours: they are meant for the program, not for what leads to it.
  const std::vector<char*> argv = pointers_to(order.argv);
  const std::vector<char*> environment = pointers_to(order.environment);
  ::setsid();
  ::umask(077);
  make_harmless_to_the_daemon();
  if (order.identity && !become(*order.identity)) give_up(kIdentity);
  // No sudo, nothing setuid: what it starts stays ours to end.
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::chdir(order.cwd.c_str()) != 0) give_up(kDirectory);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, 0);
  ::dup2(2, 1);
  if (nothing > 2) ::close(nothing);
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (!set_limits(order.limits, user_of(order), others)) give_up(kLimits);
  ::execve(argv.front(), argv.data(), environment.data());
  give_up(kProgram);
  ::_exit(127);
}

// The first process of a namespace of their own: the kernel ends all of them with it.
[[noreturn]] void be_first(const HookOrder& order, int failed, int status_out, int others) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // So that what it sees in /proc are its own; where that may not be mounted, it sees the others.
  if (::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0)
    ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  const pid_t program = ::fork();
  if (program == 0) become_program(order, failed, others);
  ::close(failed);
  int status = 0;
  pid_t ended = 0;
  while (program > 0 && (ended = ::waitpid(-1, &status, 0)) != program) {
    if (ended < 0 && errno != EINTR) break;
  }
  if (ended == program && program > 0) {
    [[maybe_unused]] const ssize_t put = ::write(status_out, &status, sizeof status);
  }
  ::_exit(0);
}

}  // namespace

HookLaunch launch_hook(const HookOrder& order) {
  HookLaunch out;
  int failed[2], status[2];
  if (::pipe2(failed, O_CLOEXEC) != 0 || ::pipe2(status, O_CLOEXEC) != 0) {
    out.problem = std::string("no pipe: ") + std::strerror(errno);
    return out;
  }
  const int others = user_of(order) == 0 ? 0 : tasks_of_user(user_of(order));
  out.inner = order.own_processes && ::geteuid() == 0 && ::unshare(CLONE_NEWPID) == 0;
  out.first = ::fork();
  if (out.first == 0) {
    ::close(failed[0]);
    ::close(status[0]);
    if (out.inner) be_first(order, failed[1], status[1], others);
    become_program(order, failed[1], others);
  }
  const int error = errno;
  ::close(failed[1]);
  ::close(status[1]);
  out.status = status[0];
  Failure failure;
  if (out.first < 0) {
    out.problem = std::string("no process can be started: ") + std::strerror(error);
  } else if (::read(failed[0], &failure, sizeof failure) == static_cast<ssize_t>(sizeof failure)) {
    out.problem = std::string("could not ") + kSteps[failure.step] + ": " + std::strerror(failure.error);
    ::waitpid(out.first, nullptr, 0);
  }
  ::close(failed[0]);
  return out;
}

int told_status(const HookLaunch& launch) {
  int status = -1;
  if (::read(launch.status, &status, sizeof status) != static_cast<ssize_t>(sizeof status)) return -1;
  return status;
}

}  // namespace maand
