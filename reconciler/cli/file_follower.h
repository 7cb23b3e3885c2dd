// Reads a file that another process appends to and sometimes replaces.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

namespace maand {

// Not thread-safe. Looks with stat(2) rather than inotify(7): that also works on
// network disks, and nobody notices a fifth of a second.
class FileFollower {
 public:
  explicit FileFollower(std::filesystem::path path) : path_(std::move(path)) {}
  ~FileFollower();
  FileFollower(const FileFollower&) = delete;
  FileFollower& operator=(const FileFollower&) = delete;

  // Hands on everything that came since the last call: the rest of a file that
  // was moved away (rotation) and then the one that took its place, from its
  // begin. A file that is not there (yet) gives nothing.
  void read_new(const std::function<void(std::string_view)>& sink);

 private:
  void drain(const std::function<void(std::string_view)>& sink) const;
  bool replaced() const;

  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace maand
