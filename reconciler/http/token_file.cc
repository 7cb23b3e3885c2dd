#include "reconciler/http/token_file.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "reconciler/core/handle.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;

using Descriptor = Handle<&::close>;

[[noreturn]] void fail(const std::string& what) { throw TokenFileError(what); }

// nullopt: there is no file.
std::optional<std::string> read_text(const std::filesystem::path& path) {
  const std::string name = path.string();
  // Not to hang on a pipe that lies there, nothing is waited for.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    if (errno == ENOENT) return std::nullopt;
    fail("cannot read " + name + ": " + std::strerror(errno));
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) fail("cannot read " + name + ": " + std::strerror(errno));
  if (!S_ISREG(info.st_mode)) fail(name + " is no regular file; move it away");
  if ((info.st_mode & 077) != 0) {
    fail(name + " may be used by others than its owner, so none of its tokens is accepted; run `chmod 600 " +
         name + "`");
  }
  std::string text;
  char piece[16384];
  for (;;) {
    const ssize_t got = ::read(file.get(), piece, sizeof piece);
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read " + name + ": " + std::strerror(errno));
    text.append(piece, static_cast<std::size_t>(got));
    if (text.size() > kMaxBytes) fail(name + " is larger than 1 MiB; no list of tokens is");
  }
}

// Replaces the file at once: a reader sees the old one or the new one.
void write_text(const std::filesystem::path& path, const std::string& text) {
  const std::string fresh = path.string() + ".new";
  ::unlink(fresh.c_str());
  {
    const Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.get() < 0) fail("cannot create " + fresh + ": " + std::strerror(errno));
    if (::fchmod(file.get(), 0600) != 0 ||
        ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.get()) != 0) {
      const int error = errno;
      ::unlink(fresh.c_str());
      fail("cannot write " + fresh + ": " + std::strerror(error));
    }
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(fresh.c_str());
    fail("cannot replace " + path.string() + ": " + std::strerror(error));
  }
}

// Held while the file is read and written; on its directory, for the file itself is replaced.
Descriptor lock_of(const std::filesystem::path& path) {
  const int fd = ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail("cannot open " + path.parent_path().string() + ": " + std::strerror(errno));
  while (::flock(fd, LOCK_EX) != 0 && errno == EINTR) {
  }
  return Descriptor(fd);
}

}  // namespace

Tokens read_tokens(const std::filesystem::path& path, std::vector<std::string>& problems) {
  return Tokens::parse(read_text(path).value_or(""), problems);
}

std::string add_token(const std::filesystem::path& path, const std::string& name, Role role,
                      std::optional<TokenEntry::Time> expires) {
  if (!is_token_name(name)) {
    fail(quote(name) +
         " is no name for a token; use letters, digits, `_`, `.` and `-`, at most 63, beginning with a "
         "letter or digit");
  }
  const Descriptor lock = lock_of(path);
  std::string text = read_text(path).value_or("# Tokens for the API; `maand token` writes them.\n");
  std::vector<std::string> ignored;
  const Tokens tokens = Tokens::parse(text, ignored);
  for (const TokenEntry& entry : tokens.entries()) {
    if (entry.name != name) continue;
    fail("there is a token " + name + " already; take it away with `maand token remove " + name +
         "`, or choose another name");
  }
  char random[48];
  if (RAND_bytes(reinterpret_cast<unsigned char*>(random), sizeof random) != 1) {
    fail("the system gives no random bytes for a token");
  }
  NewToken made = make_token(name, role, expires, {random, sizeof random});
  OPENSSL_cleanse(random, sizeof random);
  if (!text.empty() && text.back() != '\n') text += '\n';
  write_text(path, text + to_line(made.entry) + "\n");
  return std::move(made.token);
}

void remove_token(const std::filesystem::path& path, const std::string& name) {
  const Descriptor lock = lock_of(path);
  std::string text = read_text(path).value_or("");
  std::string kept;
  std::vector<std::string> names;
  bool found = false;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1);
    const std::string line = text.substr(begin, end + 1 - begin);
    begin = end + 1;
    std::vector<std::string> ignored;
    const Tokens one = Tokens::parse(line, ignored);
    if (!one.entries().empty() && one.entries()[0].name == name) {
      found = true;
    } else {
      if (!one.entries().empty()) names.push_back(one.entries()[0].name);
      kept += line;
    }
  }
  if (!found) {
    fail("there is no token " + quote(name) +
         (names.empty() ? "; there are none at all" : "; there are " + join_words(names)));
  }
  write_text(path, kept);
}

TokenFile::Stamp TokenFile::stamp() const {
  struct stat info {};
  if (path_.empty() || ::stat(path_.c_str(), &info) != 0) return {};
  const auto nanoseconds = [](const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
  };
  return {true,
          info.st_dev,
          info.st_ino,
          info.st_mode,
          info.st_size,
          nanoseconds(info.st_mtim),
          nanoseconds(info.st_ctim)};
}

std::shared_ptr<const Tokens> TokenFile::current() {
  const std::lock_guard lock(mutex_);
  const Stamp now = stamp();
  if (read_at_ == now) return tokens_;
  std::vector<std::string> problems;
  try {
    tokens_ = std::make_shared<Tokens>(now.there ? read_tokens(path_, problems) : Tokens());
    if (!problems.empty()) {
      say_(path_.string() + ": " + problems[0] +
           (problems.size() > 1 ? " (and " + std::to_string(problems.size() - 1) + " more)" : "") +
           "; it allows nothing, the other lines hold");
    }
  } catch (const TokenFileError& error) {
    tokens_ = std::make_shared<Tokens>();
    say_(error.what());
  }
  // After reading: what changed meanwhile is read at the next call.
  read_at_ = now;
  return tokens_;
}

}  // namespace maand
