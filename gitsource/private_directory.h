// A directory for one verification that nobody else may read, gone with its owner.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace maand {

class PrivateDirectory {
 public:
  PrivateDirectory() {
    std::error_code error;
    std::string name = (std::filesystem::temp_directory_path(error) / "maand-verify-XXXXXX").string();
    if (!error && ::mkdtemp(name.data())) path_ = name;
  }
  ~PrivateDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;

  bool ok() const { return !path_.empty(); }
  const std::string& path() const { return path_; }
  // Path of the new file; nullopt: it could not be written.
  std::optional<std::string> write(const char* name, std::string_view bytes) const {
    const std::string file = path_ + "/" + name;
    std::ofstream out(file, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    return out ? std::optional(file) : std::nullopt;
  }

 private:
  std::string path_;
};

// nullopt: it cannot be read, or is larger than any list of keys.
inline std::optional<std::string> read_key_file(const std::string& path) {
  constexpr std::uintmax_t kMostBytes = 16 << 20;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error) || std::filesystem::file_size(path, error) > kMostBytes)
    return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  return in.bad() ? std::nullopt : std::optional(std::move(bytes));
}

}  // namespace maand
