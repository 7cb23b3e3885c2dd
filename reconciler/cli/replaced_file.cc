#include "reconciler/cli/replaced_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "reconciler/cli/context.h"

namespace maand {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(const fs::path& path, int error) {
  throw CommandError(kExitFailed, "cannot write " + path.string() + ": " + std::strerror(error));
}

// Beside it: a rename works within one file system only.
fs::path unforeseen_name(const fs::path& path) {
  std::uint64_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != static_cast<ssize_t>(sizeof random)) fail(path, errno);
  return path.parent_path() / ("." + path.filename().string() + "." + std::to_string(random) + ".new");
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return ::fsync(fd) == 0;
}

}  // namespace

void replace_file(const fs::path& path, std::string_view text, mode_t mode) {
  const fs::path fresh = unforeseen_name(path);
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (fd < 0) fail(path, errno);
  const bool written = write_all(fd, text);
  int error = errno;
  ::close(fd);
  const bool renamed = written && ::rename(fresh.c_str(), path.c_str()) == 0;
  if (written && !renamed) error = errno;
  if (!renamed) {
    ::unlink(fresh.c_str());
    fail(path, error);
  }
  // It has its name; only after a crash of the machine the one before could be back.
  const fs::path parent = path.parent_path();
  const int folder = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && ::fsync(folder) == 0;
  error = errno;
  if (folder >= 0) ::close(folder);
  if (!synced) fail(path, error);
}

}  // namespace maand
