#include "executor/hook_directory.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>
#include <vector>

#include "executor/hook_sdk.h"
#include "reconciler/core/text.h"

namespace maand {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = "maand-hook-";
constexpr std::uint64_t kRoom = 64u << 20;  // for what the hook writes

std::string reason() { return std::strerror(errno); }

// Where a program can be run from memory. XDG_RUNTIME_DIR is closed to any other user.
std::vector<fs::path> memory_places(bool other_user) {
  std::vector<fs::path> out;
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (!other_user && runtime && *runtime == '/') out.emplace_back(runtime);
  out.emplace_back("/dev/shm");
  out.emplace_back("/run");
  return out;
}

bool fits_in_memory(const fs::path& place, std::uint64_t bytes) {
  struct statfs about {};
  struct statvfs flags {};
  if (::statfs(place.c_str(), &about) != 0 || ::statvfs(place.c_str(), &flags) != 0) return false;
  if (about.f_type != TMPFS_MAGIC || (flags.f_flag & (ST_NOEXEC | ST_RDONLY)) != 0) return false;
  const std::uint64_t room = static_cast<std::uint64_t>(flags.f_bavail) * flags.f_frsize;
  return flags.f_blocks == 0 || room >= bytes + kRoom;  // no blocks: no limit
}

// Which daemon: its namespace of processes, its number there, and when it started.
std::string owner_word(const std::string& process) {
  struct stat space {};
  if (::stat("/proc/self/ns/pid", &space) != 0) return "";
  std::ifstream in("/proc/" + process + "/stat");
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::size_t name_end = text.rfind(')');
  if (name_end == text.npos) return "";
  std::size_t at = name_end + 1;
  for (int field = 3; field < 22 && at != text.npos; ++field) at = text.find(' ', at + 1);
  if (at == text.npos) return "";
  const std::size_t end = text.find(' ', at + 1);
  return std::to_string(space.st_ino) + "-" + process + "-" + text.substr(at + 1, end - at - 1);
}

fs::path make_below(const fs::path& place) {
  std::string name =
      (place / (std::string(kPrefix) + owner_word(std::to_string(::getpid())) + "-XXXXXX")).string();
  return ::mkdtemp(name.data()) ? fs::path(name) : fs::path();
}

// `a/b`, and nothing that leads out.
bool stays_below(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != path.npos) return false;
  for (const fs::path& part : fs::path(path)) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

void check_name(std::string_view path) {
  if (!stays_below(path))
    throw HookProblem("a file named " + quote(path) + " cannot be put into its directory");
}

class Filler {
 public:
  Filler(fs::path top, const HookOrder::Identity* owner) : top_(std::move(top)), owner_(owner) {}

  void directory(const fs::path& path) {
    std::vector<fs::path> missing;
    for (fs::path at = path; at != top_ && ::access(at.c_str(), F_OK) != 0; at = at.parent_path())
      missing.push_back(at);
    for (auto one = missing.rbegin(); one != missing.rend(); ++one) {
      if (::mkdir(one->c_str(), 0700) != 0) fail("make", *one);
      give(*one);
    }
  }
  void file(const fs::path& path, std::string_view text, mode_t mode) {
    directory(path.parent_path());
    ::unlink(path.c_str());
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    bool written = fd >= 0;
    while (written && !text.empty()) {
      const ssize_t put = ::write(fd, text.data(), text.size());
      if (put < 0 && errno == EINTR) continue;
      written = put >= 0;
      if (written) text.remove_prefix(static_cast<std::size_t>(put));
    }
    if (written) written = ::fchmod(fd, mode) == 0;
    if (!written) fail("write", path);
    ::close(fd);
    give(path);
  }
  void give(const fs::path& path) const {
    if (owner_ && ::lchown(path.c_str(), owner_->uid, owner_->gid) != 0) fail("give to its user", path);
  }

 private:
  [[noreturn]] void fail(const char* doing, const fs::path& path) const {
    throw HookProblem("could not " + std::string(doing) + " " +
                      printable(path.lexically_relative(top_).string()) + " in its directory: " + reason());
  }
  const fs::path top_;
  const HookOrder::Identity* owner_;
};

std::string key_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string out((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in)
    throw HookProblem("hooks.expose_key is set and the key " + printable(file.string()) + " cannot be read");
  return out;
}

// As `init` writes it, a line each: published programs read it line by line.
std::string conf_text(const HookOptions& options) {
  return "use_sudo = " + std::string(options.use_sudo ? "true" : "false") + "\nssh_user = '" +
         options.ssh_user + "'\nssh_key = '" + options.ssh_key.filename().string() + "'\n";
}

bool is_ours(const fs::path& directory) {
  return directory.is_absolute() && directory.filename().string().starts_with(kPrefix);
}

}  // namespace

HookDirectory::HookDirectory(const HookCall& call, const HookOptions& options,
                             const HookOrder::Identity* owner) {
  std::uint64_t bytes = 0;
  for (const HookFile& file : *call.files) bytes += file.bytes->size();
  for (const fs::path& place : memory_places(owner != nullptr)) {
    if (!fits_in_memory(place, bytes)) continue;
    path_ = make_below(place);
    if (!path_.empty()) break;
  }
  if (path_.empty()) {
    std::error_code error;
    fs::create_directories(options.scratch, error);
    path_ = make_below(options.scratch);
    if (path_.empty())
      throw HookProblem("no private directory could be made in " + printable(options.scratch.string()) +
                        ": " + (error ? error.message() : reason()));
  }
  try {
    fill(call, options, owner);
  } catch (...) {
    remove_hook_directory(path_);
    throw;
  }
}

HookDirectory::~HookDirectory() { remove_hook_directory(path_); }

void HookDirectory::fill(const HookCall& call, const HookOptions& options, const HookOrder::Identity* owner) {
  check_name(call.allocation.worker.str());
  check_name(call.allocation.job.str());
  job_ = path_ / "tmp/workers" / call.allocation.worker.str() / "jobs" / call.allocation.job.str();
  Filler filler(path_, owner);
  filler.give(path_);
  filler.directory(home());
  filler.directory(scratch());
  filler.file(path_ / "maand.conf", conf_text(options), 0600);
  if (options.expose_key && options.ssh_key.has_filename())
    filler.file(path_ / "secrets" / options.ssh_key.filename(), key_text(options.ssh_key), 0600);
  for (const HookFile& file : *call.files) {
    check_name(file.path);
    filler.file(job_ / file.path, *file.bytes, file.executable ? 0700 : 0600);
  }
  filler.directory(modules());
  filler.file(modules() / "maand.py", kHookPython, 0600);
  filler.file(modules() / "maand.ts", kHookTypeScript, 0600);
  for (const auto& [name, text] : call.certificates) {
    if (!stays_below(name) || name.find('/') != name.npos)
      throw HookProblem("a certificate named " + quote(name) + " cannot be put into its directory");
    const fs::path file = modules() / "certs" / name;
    // One that is in git stays (10.1).
    if (name == "ca.crt" && ::access(file.c_str(), F_OK) == 0) continue;
    filler.file(file, text, name.ends_with(".key") ? 0600 : 0644);
  }
}

void remove_hook_directory(const fs::path& directory) noexcept {
  try {
    if (!is_ours(directory)) return;
    std::error_code error;
    fs::remove_all(directory, error);
    if (!error) return;
    // Directories that may not be written, which only root can empty as they are.
    const auto open = [](const fs::path& path) {
      std::error_code ignored;
      fs::permissions(path, fs::perms::owner_all, fs::perm_options::add, ignored);
    };
    open(directory);
    for (auto entry = fs::recursive_directory_iterator(directory, error); entry != fs::end(entry);
         entry.increment(error)) {
      std::error_code ignored;
      if (!entry->is_symlink(ignored) && entry->is_directory(ignored)) open(entry->path());
    }
    fs::remove_all(directory, error);
  } catch (...) {  // no memory: the next daemon takes it away
  }
}

void remove_left_hook_directories(const HookOptions& options) noexcept {
  try {
    std::vector<fs::path> places = memory_places(false);
    places.push_back(options.scratch);
    struct stat space {};
    if (::stat("/proc/self/ns/pid", &space) != 0) return;
    const std::string ours = std::string(kPrefix) + std::to_string(space.st_ino) + "-";
    for (const fs::path& place : places) {
      std::error_code error;
      std::vector<fs::path> left;
      for (auto entry = fs::directory_iterator(place, error); entry != fs::end(entry);
           entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (!name.starts_with(ours)) continue;
        const std::size_t dash = name.find('-', ours.size());
        if (dash == name.npos) continue;
        const std::string owner = owner_word(name.substr(ours.size(), dash - ours.size()));
        if (owner.empty() || !name.starts_with(std::string(kPrefix) + owner + "-"))
          left.push_back(entry->path());
      }
      for (const fs::path& one : left) {
        struct stat about {};
        // Root takes everybody's; nobody else could have made what is somebody else's.
        if (::lstat(one.c_str(), &about) == 0 && S_ISDIR(about.st_mode) &&
            (about.st_uid == ::geteuid() || ::geteuid() == 0))
          remove_hook_directory(one);
      }
    }
  } catch (...) {
  }
}

}  // namespace maand
