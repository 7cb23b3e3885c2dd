// Signals that end a command, kept waiting while something is to be put right first: a terminal without
// echo, a secret in a file.
#pragma once

#include <signal.h>

#include <chrono>
#include <initializer_list>

namespace maand {

// Holds back those that the process was not started to ignore. One that came and was not asked for is
// delivered when this goes. Use it where there is one thread.
class HeldSignals {
 public:
  // SIGTSTP may be among them: it is taken while it is waited for, so that nothing is stopped.
  // Throws CommandError.
  explicit HeldSignals(std::initializer_list<int> signals = {SIGINT, SIGQUIT, SIGTERM, SIGHUP});
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  enum Came : int { kNothing = -1, kInput = 0 };
  // Waits until a signal came, `fd` can be read (-1: none) or `most` has passed (negative: without an end).
  // The signal's number, kInput, or kNothing, which also comes early. SIGTSTP is not told.
  int wait(int fd, std::chrono::milliseconds most) const;

  // Has a signal that was waited for end the process after all, as soon as this goes.
  void let(int signal) const { ::raise(signal); }

  // In a child, before it becomes another program.
  void release_in_child() const { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
  int fd_ = -1;
};

}  // namespace maand
