#include "reconciler/store/secret_key.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "reconciler/core/handle.h"
#include "reconciler/core/ports.h"

namespace maand {
namespace {

using Descriptor = Handle<&::close>;

struct WipedBytes {
  std::array<std::uint8_t, kSecretKeyBytes + 1> bytes{};  // one more than a key: a longer file shows
  ~WipedBytes() { wipe(bytes); }
};

std::string reason() { return std::strerror(errno); }

SecretKeyFile unusable(std::string problem) { return {std::nullopt, false, std::move(problem)}; }

// Returns how many bytes there were, at most `most`; -1 on an error.
ssize_t read_up_to(int fd, std::uint8_t* into, std::size_t most) {
  std::size_t got = 0;
  while (got < most) {
    const ssize_t size = ::read(fd, into + got, most - got);
    if (size == 0) break;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return -1;
    got += static_cast<std::size_t>(size);
  }
  return static_cast<ssize_t>(got);
}

void fill_random(std::uint8_t* bytes, std::size_t size) {
  if (RAND_bytes(bytes, static_cast<int>(size)) != 1) {
    throw StoreError("the operating system gives no random bytes; nothing can be sealed without them");
  }
}

}  // namespace

SecretKeyFile read_secret_key(const std::filesystem::path& path) {
  const std::string name = path.string();
  // Links are followed: a secret that is mounted into a container is one. Not
  // to hang on a pipe that lies there, nothing is waited for.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    const bool missing = errno == ENOENT;
    SecretKeyFile out =
        unusable(missing ? name +
                               " is missing, and secrets were sealed with it; put it back from a "
                               "backup (a new key could not open them)"
                         : "cannot read " + name + ": " + reason());
    out.missing = missing;
    return out;
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return unusable("cannot read " + name + ": " + reason());
  if (!S_ISREG(info.st_mode)) return unusable(name + " is no regular file; put the key there, 32 raw bytes");
  if ((info.st_mode & 077) != 0) {
    return unusable(name + " may be used by others than its owner; run `chmod 600 " + name +
                    "`, and if somebody may have read it, replace the secrets it protects");
  }
  WipedBytes read;
  const ssize_t size = read_up_to(file.get(), read.bytes.data(), read.bytes.size());
  if (size < 0) return unusable("cannot read " + name + ": " + reason());
  if (static_cast<std::size_t>(size) != kSecretKeyBytes) {
    return unusable(name + " does not hold exactly 32 bytes; put the right key back from a backup");
  }
  return {SecretKey(std::span<const std::uint8_t, kSecretKeyBytes>(read.bytes.data(), kSecretKeyBytes)),
          false,
          {}};
}

void create_secret_key(const std::filesystem::path& path) {
  const std::string name = path.string();
  // Written beside and linked into place: a crash half-way leaves no short key
  // that would be refused for ever.
  const std::string fresh = name + ".new";
  ::unlink(fresh.c_str());
  {
    const Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.get() < 0) throw StoreError("cannot create " + fresh + ": " + reason());
    WipedBytes key;
    fill_random(key.bytes.data(), kSecretKeyBytes);
    if (::fchmod(file.get(), 0600) != 0 ||
        ::write(file.get(), key.bytes.data(), kSecretKeyBytes) != static_cast<ssize_t>(kSecretKeyBytes) ||
        ::fsync(file.get()) != 0) {
      const std::string why = reason();
      ::unlink(fresh.c_str());
      throw StoreError("cannot write " + fresh + ": " + why);
    }
  }
  const bool linked = ::link(fresh.c_str(), name.c_str()) == 0;
  const int error = errno;
  ::unlink(fresh.c_str());
  if (!linked && error != EEXIST) throw StoreError("cannot create " + name + ": " + std::strerror(error));
  const std::filesystem::path directory = path.parent_path().empty() ? "." : path.parent_path();
  const Descriptor folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) {
    throw StoreError("cannot make sure that " + name + " is on disk: " + reason());
  }
}

SecretNonce fresh_nonce() {
  SecretNonce nonce;
  fill_random(nonce.data(), nonce.size());
  return nonce;
}

}  // namespace maand
