// The file of bearer tokens: read again whenever it changes, written whole.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "reconciler/http/tokens.h"

namespace maand {

// Says which file, what is wrong, and what to do.
class TokenFileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Of a file that is there: regular, for its owner alone, at most 1 MiB. A missing
// one holds no tokens. Throws TokenFileError.
Tokens read_tokens(const std::filesystem::path& path, std::vector<std::string>& problems);

// Draws a token, keeps its hash, and returns the token: nobody can show it again.
// Throws TokenFileError, also when the name has one. Two commands at once wait
// for one another; what we cannot read in the file stays in it.
std::string add_token(const std::filesystem::path& path, const std::string& name, Role role,
                      std::optional<TokenEntry::Time> expires);
// Throws TokenFileError when there is none of that name.
void remove_token(const std::filesystem::path& path, const std::string& name);

// A running daemon's view of it. Thread-safe.
class TokenFile {
 public:
  using Say = std::function<void(const std::string&)>;

  // `say` is told a sentence when the file cannot be used, once for each change
  // of it. "": no tokens.
  TokenFile(std::filesystem::path path, Say say) : path_(std::move(path)), say_(std::move(say)) {}

  // Costs a stat(2); reads again when time, size, inode or mode are others. A file
  // that cannot be used holds no tokens.
  std::shared_ptr<const Tokens> current();

 private:
  struct Stamp {
    bool there = false;
    std::uint64_t device = 0, inode = 0, mode = 0;
    std::int64_t size = 0, modified_ns = 0, changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  Stamp stamp() const;

  const std::filesystem::path path_;
  const Say say_;
  std::mutex mutex_;
  std::optional<Stamp> read_at_;
  std::shared_ptr<const Tokens> tokens_ = std::make_shared<Tokens>();
};

}  // namespace maand
