// A process that writes step after step and is killed in the middle of one.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <stdexcept>

namespace maand {

// Told by the writer as soon as a step is confirmed, with the step's number.
using Said = std::function<void(std::uint64_t step)>;

// Runs `write_for_ever` in a child, waits until it has confirmed step `until`,
// and kills it `inside_us` microseconds later. `confirmed` is the last step
// confirmed before; returns the last one confirmed now.
inline std::uint64_t kill_inside_a_write(const std::function<void(const Said&)>& write_for_ever,
                                         std::uint64_t confirmed, std::uint64_t until, unsigned inside_us) {
  int said[2];
  if (::pipe(said) != 0) throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no process");
  if (child == 0) {
    ::close(said[0]);
    try {
      write_for_ever([&](std::uint64_t step) {
        if (::write(said[1], &step, sizeof step) != sizeof step) ::_exit(1);
      });
    } catch (...) {
      ::_exit(2);
    }
    ::_exit(3);
  }
  ::close(said[1]);
  std::uint64_t step = 0;
  while (confirmed < until && ::read(said[0], &step, sizeof step) == sizeof step) confirmed = step;
  const bool alive = confirmed >= until;
  if (alive) ::usleep(inside_us);  // lint-allow-sleep: moments inside a write have no event
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  while (::read(said[0], &step, sizeof step) == sizeof step) confirmed = step;
  ::close(said[0]);
  if (!alive || !WIFSIGNALED(status)) throw std::runtime_error("the writer ended by itself");
  return confirmed;
}

}  // namespace maand
