#include "reconciler/cli/file_follower.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace maand {

FileFollower::~FileFollower() {
  if (fd_ >= 0) ::close(fd_);
}

// Another file has the name now, or ours was cut short.
bool FileFollower::replaced() const {
  struct stat named {};
  struct stat ours {};
  if (::stat(path_.c_str(), &named) != 0 || ::fstat(fd_, &ours) != 0) return false;
  return named.st_ino != ours.st_ino || named.st_dev != ours.st_dev ||
         ours.st_size < ::lseek(fd_, 0, SEEK_CUR);
}

void FileFollower::drain(const std::function<void(std::string_view)>& sink) const {
  std::array<char, 65536> piece;
  for (;;) {
    const ssize_t got = ::read(fd_, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    sink(std::string_view(piece.data(), static_cast<std::size_t>(got)));
  }
}

void FileFollower::read_new(const std::function<void(std::string_view)>& sink) {
  if (fd_ >= 0) {
    // Asked first: what is written between the question and the read belongs to the old file.
    const bool other = replaced();
    drain(sink);
    if (!other) return;
    ::close(fd_);
    fd_ = -1;
  }
  fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ >= 0) drain(sink);
}

}  // namespace maand
