// A file system of its own, small enough to be filled. Needs root.
#pragma once

#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "tests/support/temp_dir.h"

namespace maand {

class SmallDisk {
 public:
  explicit SmallDisk(const char* options) {
    if (::mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, options) != 0) {
      throw std::runtime_error(std::string("mount needs root: ") + std::strerror(errno));
    }
  }
  ~SmallDisk() { ::umount2(directory_.path().c_str(), MNT_DETACH); }
  const std::filesystem::path& path() const { return directory_.path(); }
  void remount(unsigned long flags) {
    if (::mount(nullptr, path().c_str(), nullptr, MS_REMOUNT | flags, nullptr) != 0) {
      throw std::runtime_error(std::string("cannot remount: ") + std::strerror(errno));
    }
  }
  // Leaves no free block.
  void fill() {
    std::ofstream out(path() / "ballast", std::ios::binary);
    const std::string block(4096, 'x');
    while (out.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void empty() { std::filesystem::remove(path() / "ballast"); }

 private:
  TempDir directory_;
};

}  // namespace maand
