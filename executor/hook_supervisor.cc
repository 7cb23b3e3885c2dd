#include "executor/hook_supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "executor/hook_directory.h"
#include "executor/hook_launch.h"
#include "executor/hook_order.h"
#include "executor/hook_processes.h"

namespace maand {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookEvery{200};
constexpr std::chrono::milliseconds kKillEvery{20};
constexpr int kWords = 0, kReport = 1, kOrder = 3;

// What forks without end leaves nobody else a turn, us least of all: root goes before it. Children begin as
// everybody does.
void go_before_the_others() {
  const sched_param first{.sched_priority = 1};
  if (::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &first) == 0) return;
  const sched_param none{};
  if (::sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none) == 0)
    ::setpriority(PRIO_PROCESS, 0, -20);
}

std::string read_whole(int fd) {
  std::string out;
  char buffer[65536];
  ssize_t got = 0;
  while ((got = ::read(fd, buffer, sizeof buffer)) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    out.append(buffer, static_cast<std::size_t>(got));
  }
  return out;
}

class Watch {
 public:
  explicit Watch(const HookOrder& order) : order_(order) {}

  HookReport run() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    go_before_the_others();
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_BLOCK, &all, nullptr);  // of the daemon's terminal: only the daemon's word counts
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    signals_ = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    launch_ = launch_hook(order_);
    HookReport report;
    if (!launch_.problem.empty()) {
      report.detail = launch_.problem;
    } else {
      until_it_ends();
      report = how_it_ended();
    }
    leave_nothing();
    return report;
  }

 private:
  void until_it_ends() {
    while (!ended_) {
      wait_for_news(killing_ ? kKillEvery : kLookEvery);
      hear();
      reap();
      if (ended_) break;
      if (mercy_ends_ && Clock::now() >= *mercy_ends_) killing_ = true;
      if (!killing_) look_at_limits();
      // Over and over: what was forked meanwhile keeps the first from its turn to end.
      if (killing_) kill_all();
    }
  }

  void wait_for_news(std::chrono::milliseconds most) {
    pollfd news[] = {{signals_, POLLIN, 0}, {words_ended_ ? -1 : kWords, POLLIN, 0}};
    ::poll(news, 2, static_cast<int>(most.count()));
    signalfd_siginfo ignored;
    while (::read(signals_, &ignored, sizeof ignored) > 0) {
    }
  }

  void hear() {
    pollfd word{words_ended_ ? -1 : kWords, POLLIN, 0};
    if (::poll(&word, 1, 0) <= 0) return;
    char letter = kHookKill;
    const ssize_t got = ::read(kWords, &letter, 1);
    if (got < 0 && errno == EINTR) return;
    if (got <= 0) words_ended_ = true;
    if (got == 1 && letter == kHookEnd) {
      for (const pid_t process : descendants_of(::getpid())) {
        if (!(launch_.inner && process == launch_.first)) ::kill(process, SIGTERM);
      }
      mercy_ends_ = Clock::now() + order_.limits.mercy;
    } else {
      killing_ = true;
    }
  }

  void reap() {
    int status = 0;
    pid_t who = 0;
    while ((who = ::waitpid(-1, &status, WNOHANG)) > 0) {
      if (who != launch_.first) continue;
      ended_ = true;
      status_ = status;
    }
  }

  void look_at_limits() {
    const auto most = static_cast<std::size_t>(order_.limits.tasks);
    const std::vector<pid_t> processes = descendants_of(::getpid(), most + 1);
    // The more there are, the less time there is to ask each of them.
    const ProcessUse use = processes.size() > most ? ProcessUse{} : use_of(processes);
    if (processes.size() > most || use.tasks > order_.limits.tasks) over_ = HookReport::How::kOverTasks;
    if (use.bytes > order_.limits.memory_bytes) over_ = HookReport::How::kOverMemory;
    killing_ = over_.has_value();
  }

  void kill_all() const {
    if (launch_.inner) {  // the kernel ends the others
      ::kill(launch_.first, SIGKILL);
      return;
    }
    const rlimit none{0, 0};
    for (const pid_t process : descendants_of(::getpid())) {
      // So that nothing forks faster than it is found.
      ::prlimit(process, RLIMIT_NPROC, &none, nullptr);
      ::kill(process, SIGKILL);
    }
  }

  HookReport how_it_ended() const {
    if (over_) return {.how = *over_};
    const int status = launch_.inner ? told_status(launch_) : status_;
    if (launch_.inner && status == -1) return {.how = HookReport::How::kSignalled, .number = SIGKILL};
    if (WIFSIGNALED(status)) return {.how = HookReport::How::kSignalled, .number = WTERMSIG(status)};
    return {.how = HookReport::How::kExited, .number = WEXITSTATUS(status)};
  }

  // Orphans come to us: when we have no child any more, nothing is left.
  void leave_nothing() {
    for (;;) {
      const pid_t who = ::waitpid(-1, nullptr, WNOHANG);
      if (who < 0 && errno == ECHILD) return;
      if (who > 0) continue;
      kill_all();
      words_ended_ = true;  // nothing is left to be asked for
      wait_for_news(kKillEvery);
    }
  }

  const HookOrder& order_;
  HookLaunch launch_;
  int signals_ = -1;
  bool words_ended_ = false;
  bool ended_ = false;
  int status_ = 0;
  bool killing_ = false;
  std::optional<Clock::time_point> mercy_ends_;
  std::optional<HookReport::How> over_;
};

}  // namespace

int hook_supervisor_main() {
  ::signal(SIGPIPE, SIG_IGN);
  const std::optional<HookOrder> order = decode_hook_order(read_whole(kOrder));
  if (!order) {
    static constexpr char kWhat[] = "hook-supervisor is a part of maand and no command for people\n";
    [[maybe_unused]] const ssize_t put = ::write(2, kWhat, sizeof kWhat - 1);
    return 2;
  }
  for (const int fd : {kWords, kReport, kOrder}) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  const HookReport report = Watch(*order).run();
  remove_hook_directory(order->directory);
  const std::string text = encode(report);
  [[maybe_unused]] const ssize_t put = ::write(kReport, text.data(), text.size());
  return 0;
}

}  // namespace maand
