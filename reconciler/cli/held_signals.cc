#include "reconciler/cli/held_signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "reconciler/cli/context.h"

namespace maand {

HeldSignals::HeldSignals(std::initializer_list<int> signals) {
  sigset_t held;
  ::sigemptyset(&held);
  for (const int signal : signals) {
    struct sigaction now {};
    // Ignored as under nohup: blocked, it would come nevertheless.
    if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) ::sigaddset(&held, signal);
  }
  ::pthread_sigmask(SIG_BLOCK, &held, &before_);
  fd_ = ::signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd_ >= 0) return;
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  throw CommandError(kExitFailed, std::string("cannot hold signals: ") + std::strerror(error));
}

HeldSignals::~HeldSignals() {
  ::close(fd_);
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int HeldSignals::wait(int fd, std::chrono::milliseconds most) const {
  pollfd fds[2] = {{fd_, POLLIN, 0}, {fd, POLLIN, 0}};
  if (::poll(fds, 2, static_cast<int>(most.count())) <= 0) return kNothing;
  signalfd_siginfo info{};
  if (fds[0].revents != 0 && ::read(fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
    return info.ssi_signo == SIGTSTP ? kNothing : static_cast<int>(info.ssi_signo);
  return fds[1].revents != 0 ? kInput : kNothing;
}

}  // namespace maand
