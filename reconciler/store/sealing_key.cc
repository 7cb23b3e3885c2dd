#include "reconciler/store/sealing_key.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

#include "reconciler/core/ports.h"
#include "reconciler/core/secret_box.h"

namespace maand {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxPreviousBytes = 4096;  // it has some 90

bool opens(const SecretKeyFile& read, std::string_view sealed) {
  return read.key && !unseal(*read.key, sealed).problem;
}

// A rename, and a file that is new, are there after a crash once their directory is.
void sync_directory_of(const fs::path& path) {
  const int fd = ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!synced)
    throw StoreError("cannot make sure that " + path.string() + " is on disk: " + std::strerror(error));
}

void rename_into_place(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    throw StoreError("cannot rename " + from.string() + " to " + to.string() + ": " + std::strerror(errno));
  sync_directory_of(to);
}

// The key before `key`, if that is known.
std::optional<SecretKey> key_before(const fs::path& key_path, const SecretKey& key) {
  std::ifstream in(previous_key_path(key_path), std::ios::binary);
  std::string sealed(kMaxPreviousBytes, '\0');
  in.read(sealed.data(), static_cast<std::streamsize>(sealed.size()));
  sealed.resize(static_cast<std::size_t>(in.gcount()));
  Opened opened = unseal(key, sealed);
  std::optional<SecretKey> out;
  if (!opened.problem && opened.plaintext.size() == kSecretKeyBytes) {
    out.emplace(std::span<const std::uint8_t, kSecretKeyBytes>(
        reinterpret_cast<const std::uint8_t*>(opened.plaintext.data()), kSecretKeyBytes));
  }
  wipe(opened.plaintext);
  return out;
}

std::optional<std::string> opened_with(const std::optional<SecretKey>& key, std::string_view sealed) {
  if (!key) return std::nullopt;
  Opened opened = unseal(*key, sealed);
  if (opened.problem) return std::nullopt;
  return std::move(opened.plaintext);
}

std::optional<std::string> opened_with_any(const fs::path& key_path, std::string_view sealed) {
  const SecretKeyFile now = read_secret_key(key_path);
  if (auto text = opened_with(now.key, sealed)) return text;
  const SecretKeyFile next = read_secret_key(next_key_path(key_path));
  if (auto text = opened_with(next.key, sealed)) return text;
  return now.key ? opened_with(key_before(key_path, *now.key), sealed) : std::nullopt;
}

}  // namespace

fs::path next_key_path(const fs::path& key_path) { return key_path.string() + ".next"; }
fs::path previous_key_path(const fs::path& key_path) { return key_path.string() + ".previous"; }

bool anything_sealed(SqlSession& session) {
  SqlStatement& select =
      session.prepared("SELECT count(*) FROM (SELECT 1 FROM versions WHERE secret = 1 LIMIT 1) AS one");
  select.step();
  const bool any = Columns(select).flag();
  select.reset();
  return any;
}

std::string key_check(SqlSession& session) {
  SqlStatement& select = session.prepared("SELECT key_check FROM store WHERE id = 1");
  std::string text;
  if (select.step()) text = Columns(select).text();
  select.reset();
  return text;
}

void put_key_check(SqlSession& session, const SecretKey& key) {
  SqlStatement& remember = session.prepared("UPDATE store SET key_check = ? WHERE id = 1");
  Bindings(remember).text(seal(key, fresh_nonce(), kKeyCheckText));
  remember.exec();
}

SecretKeyFile settled_key(const fs::path& key_path, std::string_view check) {
  const fs::path next_path = next_key_path(key_path);
  SecretKeyFile now = read_secret_key(key_path);
  if (opens(now, check)) {
    ::unlink(next_path.c_str());
    return now;
  }
  SecretKeyFile next = read_secret_key(next_path);
  if (opens(next, check)) {
    rename_into_place(next_path, key_path);
    return next;
  }
  if (now.key) {
    now.key.reset();
    now.problem = key_path.string() +
                  " is not the key the stored secrets were sealed with; put that one back from a backup";
  }
  return now;
}

RevealedSecret reveal_sealed(const fs::path& key_path, std::string_view sealed) {
  using State = RevealedSecret::State;
  // Twice: a key that is renamed between two looks is missed by the first.
  for (int look = 0; look < 2; ++look) {
    if (auto text = opened_with_any(key_path, sealed)) return {State::kOpened, *std::move(text), {}};
  }
  const SecretKeyFile now = read_secret_key(key_path);
  if (!now.key) return {State::kNoKey, {}, now.problem};
  if (unseal(*now.key, sealed).problem == SealProblem::kWrongKeyOrDamaged) {
    return {State::kWrongKeyOrDamaged,
            {},
            "the secret does not open with " + key_path.string() +
                ": put back the key it was sealed with, or set the secret again"};
  }
  return {State::kBadFormat, {}, "what is stored is no sealed secret; set the secret again"};
}

void write_previous_key(const fs::path& key_path, const SecretKey& coming, const SecretKey& before) {
  const std::span<const std::uint8_t, kSecretKeyBytes> raw = before.bytes();
  std::string bytes(reinterpret_cast<const char*>(raw.data()), raw.size());
  const std::string sealed = seal(coming, fresh_nonce(), bytes);
  wipe(bytes);
  const fs::path path = previous_key_path(key_path);
  const fs::path fresh = path.string() + ".new";
  ::unlink(fresh.c_str());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  const bool written = fd >= 0 &&
                       ::write(fd, sealed.data(), sealed.size()) == static_cast<ssize_t>(sealed.size()) &&
                       ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!written) {
    ::unlink(fresh.c_str());
    throw StoreError("cannot write " + fresh.string() + ": " + std::strerror(error));
  }
  rename_into_place(fresh, path);
}

}  // namespace maand
