#include "executor/hook_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "executor/hook_options.h"
#include "executor/hook_processes.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Beyond its mercy: until its supervisor must have ended all of it.
constexpr milliseconds kUntilGone{10'000};

// Above the standard ones, so that the child's dup2 calls cannot collide.
class Fd {
 public:
  explicit Fd(int fd) {
    if (fd >= 0) {
      fd_ = ::fcntl(fd, F_DUPFD_CLOEXEC, 10);
      ::close(fd);
    }
    if (fd_ < 0) throw HookProblem(std::string("no file descriptor is left for it: ") + std::strerror(errno));
  }
  ~Fd() { reset(); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }
  void reset() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

struct Pair {
  explicit Pair(int (&&fds)[2]) : ours(fds[0]), theirs(fds[1]) {}
  static Pair pipe() {
    int fds[2] = {-1, -1};
    if (::pipe2(fds, O_CLOEXEC) != 0) fds[0] = -1;
    return Pair({fds[0], fds[1]});
  }
  static Pair socket() {
    int fds[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) fds[0] = -1;
    return Pair({fds[0], fds[1]});
  }
  Fd ours;
  Fd theirs;
};

int memory_file(const std::string& text) {
  const int fd = ::memfd_create("maand-hook", MFD_CLOEXEC);
  std::size_t at = 0;
  while (fd >= 0 && at < text.size()) {
    const ssize_t put = ::write(fd, text.data() + at, text.size() - at);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) break;
    at += static_cast<std::size_t>(put);
  }
  if (fd >= 0) ::lseek(fd, 0, SEEK_SET);
  return fd;
}

pid_t spawn(const std::vector<std::string>& command, int words, int report, int output, int order) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, words, 0);
  posix_spawn_file_actions_adddup2(&actions, report, 1);
  posix_spawn_file_actions_adddup2(&actions, output, 2);
  posix_spawn_file_actions_adddup2(&actions, order, 3);
  posix_spawn_file_actions_addclosefrom_np(&actions, 4);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);  // Ctrl-C at a terminal is for the daemon alone
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  // A sanitizer's options, for our own tests; nothing else of the daemon's.
  std::vector<std::string> variables = {"LC_ALL=C"};
  for (const char* name : {"ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name)) variables.push_back(std::string(name) + "=" + value);
  }
  std::vector<char*> environment;
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, argv[0], &actions, &attributes, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) throw HookProblem(std::string("its supervisor cannot be started: ") + std::strerror(error));
  return pid;
}

std::string duration_words(milliseconds time) {
  if (time.count() % 1000 != 0) return std::to_string(time.count()) + " ms";
  return std::to_string(time.count() / 1000) + " s";
}

// Why we have told it to end.
enum class Ending { kNot, kTimedOut, kCancelled, kFlood };

class Running {
 public:
  explicit Running(const HookProcess& process)
      : process_(process),
        words_(Pair::socket()),
        report_(Pair::pipe()),
        output_(Pair::pipe()),
        order_(memory_file(encode(process.order))),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    ::fcntl(output_.ours.get(), F_SETFL, O_NONBLOCK);
    pid_ = spawn(process.supervisor_command, words_.theirs.get(), report_.theirs.get(), output_.theirs.get(),
                 order_.get());
    words_.theirs.reset();
    report_.theirs.reset();
    output_.theirs.reset();
    order_.reset();
    if (process_.started) process_.started(pid_);
  }

  HookResult run(const std::stop_token& stop) {
    const std::stop_callback woken(stop, [this] { ::eventfd_write(wake_.get(), 1); });
    Clock::time_point due = Clock::now() + process_.timeout;
    for (;;) {
      pollfd news[] = {{report_.ours.get(), POLLIN, 0},
                       {output_ended_ ? -1 : output_.ours.get(), POLLIN, 0},
                       {wake_.get(), POLLIN, 0}};
      const auto left = std::chrono::ceil<milliseconds>(due - Clock::now());
      ::poll(news, 3, static_cast<int>(std::clamp<long long>(left.count(), 0, 60'000)));
      eventfd_t ignored = 0;
      if (news[2].revents != 0) ::eventfd_read(wake_.get(), &ignored);
      if (news[1].revents != 0) pass_output_on();
      if (news[0].revents != 0 && !take_report()) break;
      if (ending_ == Ending::kNot) {
        if (seen_ > process_.order.limits.output_most_bytes) end(Ending::kFlood, due);
        if (stop.stop_requested()) end(Ending::kCancelled, due);
      }
      if (Clock::now() < due) continue;
      if (ending_ != Ending::kNot) {
        ::kill(pid_, SIGKILL);  // it does not do its work
        break;
      }
      end(Ending::kTimedOut, due);
    }
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    if (!decode_hook_report(reported_)) end_orphans();
    if (!output_ended_) pass_output_on();
    return result();
  }

 private:
  void end(Ending why, Clock::time_point& due) {
    ending_ = why;
    const char word = why == Ending::kFlood ? kHookKill : kHookEnd;
    ::send(words_.ours.get(), &word, 1, MSG_NOSIGNAL);
    due = Clock::now() + process_.order.limits.mercy + kUntilGone;
  }

  // A supervisor that was killed has ended nobody. The token is in the environment of each.
  void end_orphans() const {
    for (const std::string& variable : process_.order.environment) {
      if (variable.starts_with("MAAND_HOOK_TOKEN=")) kill_all_with(variable);
    }
  }

  // False: it is whole.
  bool take_report() {
    char buffer[4096];
    const ssize_t got = ::read(report_.ours.get(), buffer, sizeof buffer);
    if (got < 0) return errno == EINTR;
    reported_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }

  void pass_output_on() {
    char buffer[65536];
    for (int i = 0; i < 64; ++i) {  // then it is somebody else's turn
      const ssize_t got = ::read(output_.ours.get(), buffer, sizeof buffer);
      if (got == 0) output_ended_ = true;
      if (got <= 0) return;
      const std::uint64_t shown = process_.order.limits.output_shown_bytes;
      const std::uint64_t room = seen_ >= shown ? 0 : shown - seen_;
      const auto size = static_cast<std::uint64_t>(got);
      if (room > 0) process_.output({buffer, static_cast<std::size_t>(std::min(room, size))});
      if (size > room && seen_ <= shown && !std::exchange(cut_, true))
        process_.output("\n(more than " + std::to_string(shown) +
                        " bytes of output: the rest is not shown)\n");
      seen_ += size;
    }
  }

  HookResult result() const {
    using End = HookResult::End;
    const HookLimits& limits = process_.order.limits;
    const std::optional<HookReport> report = decode_hook_report(reported_);
    HookResult out;
    if (report && report->how == HookReport::How::kExited) out.status = report->number;
    if (report && report->how == HookReport::How::kSignalled) out.status = 128 + report->number;
    const auto ended = [&](End end, std::string detail) {
      out.end = end;
      out.detail = std::move(detail);
      return out;
    };
    if (report && report->how == HookReport::How::kNotStarted)
      return ended(End::kNotRun, printable(report->detail, 500));
    switch (ending_) {
      case Ending::kTimedOut:
        return ended(End::kTimedOut,
                     "it was stopped after " + duration_words(process_.timeout) + ", its timeout");
      case Ending::kCancelled:
        return ended(End::kCancelled, "it was stopped before its end");
      case Ending::kFlood:
        return ended(End::kOverLimit, "it was stopped: more than " +
                                          std::to_string(limits.output_most_bytes) + " bytes of output");
      case Ending::kNot:
        break;
    }
    if (!report) return ended(End::kFailed, "its supervisor was killed, and it with it");
    switch (report->how) {
      case HookReport::How::kOverMemory:
        return ended(End::kOverLimit, "it was stopped: more than " +
                                          std::to_string(limits.memory_bytes >> 20) + " MiB of memory");
      case HookReport::How::kOverTasks:
        return ended(End::kOverLimit,
                     "it was stopped: more than " + std::to_string(limits.tasks) + " processes and threads");
      case HookReport::How::kSignalled:
        if (report->number == SIGXCPU)
          return ended(End::kOverLimit,
                       "it was stopped: more than " + std::to_string(limits.cpu.count()) + " s of CPU time");
        return ended(End::kFailed, "it was ended by signal " + std::to_string(report->number));
      case HookReport::How::kExited:
      case HookReport::How::kNotStarted:
        break;
    }
    if (report->number == 0) return ended(End::kDone, "");
    return ended(End::kFailed, "it exited with " + std::to_string(report->number));
  }

  const HookProcess& process_;
  Pair words_;
  Pair report_;
  Pair output_;
  Fd order_;
  Fd wake_;
  pid_t pid_ = -1;
  Ending ending_ = Ending::kNot;
  std::string reported_;
  std::uint64_t seen_ = 0;  // bytes of output
  bool cut_ = false;
  bool output_ended_ = false;
};

}  // namespace

HookResult run_hook_process(const HookProcess& process, const std::stop_token& stop) {
  try {
    return Running(process).run(stop);
  } catch (const HookProblem& problem) {
    return {.end = HookResult::End::kNotRun, .detail = problem.what()};
  }
}

}  // namespace maand
