// A process of ours for work that must be able to end at any moment: how it is
// started and how it is made to end. Nothing of the daemon's environment or of its
// descriptors goes with it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

namespace maand {

class OwnedFd {
 public:
  OwnedFd() = default;
  // Moved above the standard ones, so that a child's dup2 calls cannot collide.
  explicit OwnedFd(int fd);
  ~OwnedFd() { reset(); }
  OwnedFd(OwnedFd&& other) noexcept;
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  int get() const { return fd_; }
  void reset();

 private:
  int fd_ = -1;
};

// What of our environment a child may see beside PATH and the locale: kNetwork, the SSH
// agent and the proxies; kBare, nothing.
enum class ChildSees { kNetwork, kBare };

struct ChildStart {
  int in = -1, out = -1, err = -1;  // its standard descriptors
  int lock = -1;                    // its number 3; -1: none
  std::vector<std::string> more;    // NAME=value, beside what it may see
};

// In a process group of its own. Throws SourceError.
pid_t spawn_child(const std::vector<std::string>& command, ChildSees sees, const ChildStart& start);

// What its parent has written to it, once that is all; at most `most` bytes and a few more.
std::string read_stdin(std::size_t most);

// The end of what a child wrote, on one line.
std::string tail_of_file(int fd);

// Throws SourceError with errno in words.
[[noreturn]] void throw_child_errno(const std::string& doing);

// Thread-safe.
class ChildReaper {
 public:
  ~ChildReaper();
  // SIGKILL, and take the zombie away. A process on a dead network disk may not
  // die; it is left to a later call rather than waited for.
  void end(pid_t pid);

 private:
  std::mutex mutex_;
  std::vector<pid_t> unreaped_;
};

}  // namespace maand
