#include "gitsource/directory_view.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <map>
#include <utility>

#include "gitsource/git_handles.h"
#include "gitsource/git_library.h"
#include "gitsource/git_repo.h"
#include "reconciler/core/handle.h"

namespace maand {
namespace {

constexpr std::size_t kMaxEntries = 500'000;
constexpr int kMaxDepth = 128;

using Descriptor = Handle<&::close>;

git_oid hash_of(std::string_view data, git_object_t type) {
  git_oid id;
  if (git_odb_hash(&id, data.data(), data.size(), type) < 0) {
    throw SourceError(SourceProblem::kOther, "could not hash a file: out of memory");
  }
  return id;
}

class DirectoryView : public FileView {
 public:
  explicit DirectoryView(const std::string& root)
      : root_(root), fd_(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (fd_.get() < 0) {
      const bool missing = errno == ENOENT || errno == ENOTDIR;
      throw SourceError(missing ? SourceProblem::kNotFound : SourceProblem::kOther,
                        "cannot open the directory " + root + ": " + std::strerror(errno));
    }
    scan(fd_.get(), "", 0);
    std::sort(entries_.begin(), entries_.end(),
              [](const Entry& a, const Entry& b) { return a.path < b.path; });
  }

  std::optional<std::string> read(std::string_view path) const override {
    const Entry* entry = find(path);
    if (!entry || entry->kind == EntryKind::kSubmodule) return std::nullopt;
    const std::size_t slash = entry->path.rfind('/');
    const std::string directory = slash == std::string::npos ? "" : entry->path.substr(0, slash);
    const std::string name = entry->path.substr(slash == std::string::npos ? 0 : slash + 1);
    const Descriptor parent = open_directory(directory);
    std::string content = content_of(parent.get(), name, entry->path, entry->kind == EntryKind::kSymlink);
    if (to_hex(hash_of(content, GIT_OBJECT_BLOB)) != entry->blob.str()) {
      fail(entry->path, "changed while it was being looked at; run the command again");
    }
    return content;
  }

  std::optional<std::vector<Entry>> list(std::string_view directory) const override {
    if (directory.empty()) return entries_;
    if (!trees_.contains(std::string(directory))) return std::nullopt;
    const std::string prefix = std::string(directory) + "/";
    std::vector<Entry> out;
    for (auto it = lower_bound(prefix); it != entries_.end() && it->path.starts_with(prefix); ++it)
      out.push_back(*it);
    return out;
  }

  std::vector<std::string> subdirectories(std::string_view directory) const override {
    std::vector<std::string> out;
    const std::string prefix = directory.empty() ? "" : std::string(directory) + "/";
    for (const auto& [path, id] : trees_) {
      if (path.size() <= prefix.size() || !path.starts_with(prefix)) continue;
      if (path.find('/', prefix.size()) == std::string::npos) out.push_back(path.substr(prefix.size()));
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  TreeId tree(std::string_view directory) const override {
    const auto it = trees_.find(std::string(directory));
    return it == trees_.end() ? TreeId() : it->second;
  }

 private:
  [[noreturn]] void fail(const std::string& path, const std::string& what) const {
    throw SourceError(SourceProblem::kOther, root_ + "/" + path + ": " + what);
  }

  // One component after the other, so that none of them can be a symlink.
  Descriptor open_directory(std::string_view path) const {
    Descriptor at(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 3));
    while (!path.empty()) {
      const std::size_t slash = std::min(path.find('/'), path.size());
      const std::string part(path.substr(0, slash));
      const int next = ::openat(at.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (next < 0) fail(part, std::string("changed while it was being looked at: ") + std::strerror(errno));
      at = Descriptor(next);
      path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return at;
  }

  std::string content_of(int directory, const std::string& name, const std::string& path,
                         bool symlink) const {
    std::string out;
    if (symlink) {
      out.resize(PATH_MAX);
      const ssize_t length = ::readlinkat(directory, name.c_str(), out.data(), out.size());
      if (length < 0) fail(path, std::string("cannot be read: ") + std::strerror(errno));
      out.resize(static_cast<std::size_t>(length));
      return out;
    }
    // O_NONBLOCK: should it have become a pipe meanwhile.
    const Descriptor file(::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) fail(path, std::string("cannot be read: ") + std::strerror(errno));
    char buffer[65536];
    for (;;) {
      const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail(path, std::string("cannot be read: ") + std::strerror(errno));
      if (got == 0) return out;
      out.append(buffer, static_cast<std::size_t>(got));
    }
  }

  static std::vector<std::string> names_in(int directory) {
    std::vector<std::string> out;
    DIR* stream = ::fdopendir(::fcntl(directory, F_DUPFD_CLOEXEC, 3));
    if (!stream) return out;
    ::rewinddir(stream);
    while (const dirent* entry = ::readdir(stream)) {
      const std::string name = entry->d_name;
      if (name != "." && name != ".." && name != ".git") out.push_back(name);
    }
    ::closedir(stream);
    return out;
  }

  // Adds what is below and returns whether there was a file at all.
  bool scan(int directory, const std::string& prefix, int depth) {
    if (depth > kMaxDepth) fail(prefix.substr(0, 200), "has too many levels of directories");
    std::map<std::string, std::pair<const char*, git_oid>> members;  // git's key → (mode, id)
    for (const std::string& name : names_in(directory)) {
      const std::string path = prefix + name;
      struct stat info {};
      if (::fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
        fail(path, std::string("cannot be looked at: ") + std::strerror(errno));
      }
      if (entries_.size() > kMaxEntries) fail(path, "is one file too many: more than 500,000");
      if (S_ISDIR(info.st_mode)) {
        const Descriptor below(
            ::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (below.get() < 0) fail(path, std::string("cannot be opened: ") + std::strerror(errno));
        struct stat own_git {};
        if (::fstatat(below.get(), ".git", &own_git, AT_SYMLINK_NOFOLLOW) == 0) {
          Entry entry;
          entry.path = path;
          entry.kind = EntryKind::kSubmodule;
          const git_oid nothing{};
          members[name] = {"160000", nothing};
          entries_.push_back(entry);
        } else if (scan(below.get(), path + "/", depth + 1)) {
          members[name + "/"] = {"40000", to_oid(trees_.at(path).str())};
        }
        continue;
      }
      if (!S_ISREG(info.st_mode) && !S_ISLNK(info.st_mode)) continue;
      Entry entry;
      entry.path = path;
      entry.kind = S_ISLNK(info.st_mode)           ? EntryKind::kSymlink
                   : (info.st_mode & S_IXUSR) != 0 ? EntryKind::kExecutable
                                                   : EntryKind::kRegular;
      const std::string content = content_of(directory, name, path, entry.kind == EntryKind::kSymlink);
      const git_oid id = hash_of(content, GIT_OBJECT_BLOB);
      entry.blob = BlobId(to_hex(id));
      entry.size_bytes = content.size();
      members[name] = {entry.kind == EntryKind::kSymlink      ? "120000"
                       : entry.kind == EntryKind::kExecutable ? "100755"
                                                              : "100644",
                       id};
      entries_.push_back(std::move(entry));
    }
    if (members.empty() && !prefix.empty()) return false;
    std::string tree;
    for (const auto& [key, member] : members) {
      tree.append(member.first).push_back(' ');
      tree.append(key, 0, key.back() == '/' ? key.size() - 1 : key.size()).push_back('\0');
      tree.append(reinterpret_cast<const char*>(member.second.id), GIT_OID_RAWSZ);
    }
    const std::string at = prefix.empty() ? "" : prefix.substr(0, prefix.size() - 1);
    trees_[at] = TreeId(to_hex(hash_of(tree, GIT_OBJECT_TREE)));
    return true;
  }

  std::vector<Entry>::const_iterator lower_bound(std::string_view path) const {
    return std::lower_bound(entries_.begin(), entries_.end(), path,
                            [](const Entry& a, std::string_view b) { return a.path < b; });
  }
  const Entry* find(std::string_view path) const {
    const auto it = lower_bound(path);
    return it != entries_.end() && it->path == path ? &*it : nullptr;
  }

  const std::string root_;
  const Descriptor fd_;
  std::vector<Entry> entries_;           // sorted by path
  std::map<std::string, TreeId> trees_;  // "" = the root
};

}  // namespace

std::unique_ptr<FileView> open_directory_view(const std::string& root) {
  git_library_start();
  return std::make_unique<DirectoryView>(root);
}

}  // namespace maand
