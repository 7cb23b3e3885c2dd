// Is this the host key we expect? (R3.8)
//
// libssh2's own reader understands neither `@revoked` nor `@cert-authority`
// and hashes every entry again for each check, so the file is read here:
// plain, wildcard and hashed entries, `[host]:port`, format of sshd(8).
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maand {

struct HostKey {
  std::string type;  // "ssh-ed25519", …
  std::string blob;  // the key as it goes over the wire (binary)
  friend bool operator==(const HostKey&, const HostKey&) = default;
};

// Reads `ssh-ed25519 AAAA… [comment]`, the form of workers.json and of a `.pub`
// file. nullopt: not a key, or the blob is of another type than it says.
std::optional<HostKey> parse_host_key(std::string_view line);
// The same without a comment, for known_hosts and messages.
std::string to_line(const HostKey& key);
// `SHA256:…` as ssh-keygen -l prints it.
std::string fingerprint(const HostKey& key);
// Name under which known_hosts keeps a host: `host`, or `[host]:port` unless 22.
std::string known_hosts_name(std::string_view address, int port);

// What a known_hosts text says. A value; not thread-safe (lookups are cached,
// because a hashed file costs one HMAC an entry for each new name).
class KnownHosts {
 public:
  struct Expected {
    std::vector<HostKey> keys;
    std::vector<HostKey> revoked;
  };

  KnownHosts() = default;
  // Never fails: a line that cannot be used is told in notes() and skipped.
  explicit KnownHosts(std::string_view text);

  const Expected& find(const std::string& name) const;
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  struct Line {
    std::vector<std::string> patterns;  // plain form; empty when hashed
    std::string salt, hash;             // hashed form, binary
    bool revoked = false;
    HostKey key;
  };
  static bool matches(const Line& line, const std::string& name);

  std::vector<Line> lines_;
  std::vector<std::string> notes_;
  mutable std::map<std::string, Expected> found_;
};

enum class HostKeyVerdict { kKnown, kUnknown, kChanged, kRevoked };
HostKeyVerdict judge(const KnownHosts::Expected& expected, const HostKey& presented);

// libssh2's preference list: the types we hold a key of come first, else a
// pinned ed25519 host that also has an ECDSA key would look changed.
std::string host_key_preference(const std::vector<HostKey>& expected);

// The file `secrets/known_hosts`. Thread-safe. Read again when it changed on
// disk, so that an operator's edit counts at the next connection.
class KnownHostsFile {
 public:
  explicit KnownHostsFile(std::filesystem::path path) : path_(std::move(path)) {}

  // A missing file is an empty one. Throws std::runtime_error when it exists
  // and cannot be read: an unreadable file must not look like "no key known".
  KnownHosts::Expected find(const std::string& name);
  std::vector<std::string> notes();

  // accept-new: adds the key unless the name has one by now, under a lock that
  // other processes of ours honour, as one write, synced. Returns the verdict
  // over what is in the file afterwards: kKnown, or kChanged when somebody else
  // was faster with another key. Throws std::runtime_error.
  HostKeyVerdict accept(const std::string& name, const HostKey& key);

  const std::filesystem::path& path() const { return path_; }

 private:
  struct Stamp {  // of the bytes that were parsed
    long long mtime_ns = -1, size = -1, inode = -1;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  void refresh();

  const std::filesystem::path path_;
  std::mutex mutex_;
  Stamp stamp_;
  KnownHosts parsed_;
};

}  // namespace maand
