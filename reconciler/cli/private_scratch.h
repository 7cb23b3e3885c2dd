// A directory for a secret that has to be a file for a moment, because an editor wants one.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace maand {

// 0700, below the first of these that is memory and no disk: $XDG_RUNTIME_DIR, /dev/shm, /run. Where
// none is, below `otherwise` (a directory of ours), with `on_disk` set. Gone with its owner, and what
// is in it: a file that was written on a disk is overwritten first, which is the best that can be done.
class PrivateScratch {
 public:
  // Throws CommandError.
  explicit PrivateScratch(const std::filesystem::path& otherwise);
  ~PrivateScratch();
  PrivateScratch(const PrivateScratch&) = delete;
  PrivateScratch& operator=(const PrivateScratch&) = delete;

  bool on_disk() const { return on_disk_; }
  const std::filesystem::path& path() const { return path_; }
  // A new file of it (0600). Throws CommandError.
  std::filesystem::path write(const std::string& name, std::string_view text) const;

 private:
  std::filesystem::path path_;
  bool on_disk_ = false;
};

}  // namespace maand
