#include "reconciler/cli/private_scratch.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>
#include <vector>

#include "reconciler/cli/context.h"

namespace maand {
namespace fs = std::filesystem;
namespace {

bool is_memory(const fs::path& directory) {
  struct statfs about {};
  if (::statfs(directory.c_str(), &about) != 0) return false;
  return about.f_type == TMPFS_MAGIC || static_cast<unsigned long>(about.f_type) == RAMFS_MAGIC;
}

// Empty: it could not be made.
fs::path make_below(const fs::path& directory) {
  std::string name = (directory / "maand-secret-XXXXXX").string();
  return ::mkdtemp(name.data()) ? fs::path(name) : fs::path();  // 0700
}

void overwrite(const fs::path& file) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(file, error);
  if (error) return;
  std::ofstream out(file, std::ios::binary | std::ios::in);
  const std::string nothing(static_cast<std::size_t>(std::min<std::uintmax_t>(size, 1 << 20)), '\0');
  out.write(nothing.data(), static_cast<std::streamsize>(nothing.size()));
}

}  // namespace

PrivateScratch::PrivateScratch(const fs::path& otherwise) {
  std::vector<fs::path> places;
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime && *runtime == '/')
    places.emplace_back(runtime);
  places.emplace_back("/dev/shm");
  places.emplace_back("/run");
  for (const fs::path& place : places) {
    if (!is_memory(place)) continue;
    path_ = make_below(place);
    if (!path_.empty()) return;
  }
  on_disk_ = true;
  if (!otherwise.empty()) path_ = make_below(otherwise);
  if (path_.empty())
    throw CommandError(kExitFailed,
                       "there is no place for a secret that others cannot read: neither $XDG_RUNTIME_DIR nor "
                       "/dev/shm is memory that may be written; use `maand secrets set` instead");
}

PrivateScratch::~PrivateScratch() {
  std::error_code ignored;
  if (on_disk_) {
    for (const auto& entry : fs::recursive_directory_iterator(path_, ignored)) {
      if (entry.is_regular_file(ignored)) overwrite(entry.path());
    }
  }
  fs::remove_all(path_, ignored);
}

fs::path PrivateScratch::write(const std::string& name, std::string_view text) const {
  const fs::path file = path_ / name;
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  bool written = fd >= 0;
  while (written && !text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    written = put >= 0;
    if (written) text.remove_prefix(static_cast<std::size_t>(put));
  }
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!written)
    throw CommandError(kExitFailed, "cannot write " + file.string() + ": " + std::strerror(error));
  return file;
}

}  // namespace maand
