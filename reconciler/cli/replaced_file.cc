#include "reconciler/cli/replaced_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "reconciler/app/journal.h"
#include "reconciler/cli/context.h"

namespace maand {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path) {
  throw CommandError(kExitFailed, "cannot write " + path.string() + ": " + std::strerror(errno) +
                                      "; put that right and say it again, the file is as it was");
}

// A new file that nobody can have put a link in the place of. Removed unless it got its name.
class FreshFile {
 public:
  FreshFile(const fs::path& beside, mode_t mode) : path_(beside) {
    path_ += "." + Journal::random_id().str() + ".new";
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (file_ < 0) fail(path_);
  }
  ~FreshFile() {
    if (file_ >= 0) ::close(file_);
    if (!named_) ::unlink(path_.c_str());
  }
  FreshFile(const FreshFile&) = delete;
  FreshFile& operator=(const FreshFile&) = delete;

  void write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t put = ::write(file_, text.data(), text.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) fail(path_);
      text.remove_prefix(static_cast<std::size_t>(put));
    }
  }
  // The mode after the owner: chown takes bits away. Who is not root may not give it to another.
  void belong_to(const struct stat& before) {
    struct stat now {};
    if (::fstat(file_, &now) != 0) fail(path_);
    if ((now.st_uid != before.st_uid || now.st_gid != before.st_gid) &&
        ::fchown(file_, before.st_uid, before.st_gid) != 0)
      fail(path_);
    if (::fchmod(file_, before.st_mode & 07777) != 0) fail(path_);
  }
  void take_name(const fs::path& name) {
    if (::fsync(file_) != 0) fail(path_);
    if (::rename(path_.c_str(), name.c_str()) != 0) fail(name);
    named_ = true;
    const fs::path parent = name.has_parent_path() ? name.parent_path() : fs::path(".");
    const int directory = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = directory >= 0 && ::fsync(directory) == 0;
    const int error = errno;
    if (directory >= 0) ::close(directory);
    errno = error;
    if (!synced) fail(name);
  }

 private:
  fs::path path_;
  int file_ = -1;
  bool named_ = false;
};

}  // namespace

void replace_file(const fs::path& path, std::string_view text, AtLink link) {
  const fs::path file = link == AtLink::kFollow ? fs::weakly_canonical(path) : path;
  struct stat before {};
  const bool there = ::lstat(file.c_str(), &before) == 0;
  if (!there && errno != ENOENT) fail(file);
  const bool kept = there && S_ISREG(before.st_mode);
  FreshFile fresh(file, kept ? 0600 : 0666);
  fresh.write(text);
  if (kept) fresh.belong_to(before);
  fresh.take_name(file);
}

}  // namespace maand
