#include "reconciler/store/bucket_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "reconciler/core/ports.h"

namespace maand {
namespace {

pid_t pid_in(int fd) {
  char text[32] = {};
  const ssize_t size = ::pread(fd, text, sizeof text - 1, 0);
  pid_t pid = 0;
  if (size > 0) std::from_chars(text, text + size, pid);
  return pid > 0 ? pid : 0;
}

bool try_lock(int fd) {
  int result = 0;
  do {
    result = ::flock(fd, LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

}  // namespace

BucketLock::BucketLock(const std::filesystem::path& data_directory) {
  const std::filesystem::path path = data_directory / "lock";
  // Close-on-exec: a hook that outlives the daemon must not hold the bucket.
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) throw StoreError("cannot open the lock " + path.string() + ": " + std::strerror(errno));
  if (!try_lock(fd_)) {
    const int error = errno;
    const pid_t pid = pid_in(fd_);
    ::close(fd_);
    if (error != EWOULDBLOCK) throw StoreError("cannot lock " + path.string() + ": " + std::strerror(error));
    throw BucketBusy("another maand" + (pid ? " (pid " + std::to_string(pid) + ")" : std::string()) +
                         " works on this bucket: " + path.string() +
                         " is locked; stop it first, or talk to it with `maand status` and `maand reconcile`",
                     pid);
  }
  const std::string text = std::to_string(::getpid()) + "\n";
  // A full disk must not keep the daemon from starting: the lock itself holds.
  if (::ftruncate(fd_, 0) == 0 && ::pwrite(fd_, text.data(), text.size(), 0) < 0) ::ftruncate(fd_, 0);
}

BucketLock::~BucketLock() { ::close(fd_); }

}  // namespace maand
