#include "executor/known_hosts.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <stdexcept>

#include "executor/ssh_encoding.h"
#include "reconciler/core/handle.h"

namespace maand {
namespace {

// The next word of `rest`, which loses it. Empty at the end.
std::string_view next_word(std::string_view& rest) {
  const auto begin = rest.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return rest = {};
  auto end = rest.find_first_of(" \t\r", begin);
  if (end == std::string_view::npos) end = rest.size();
  const auto word = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return word;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// `*` and `?` as sshd(8) means them; both are lower-case already.
bool wildcard_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

[[noreturn]] void fail(const std::filesystem::path& path, const char* what) {
  throw std::runtime_error(path.string() + ": " + what + ": " + std::strerror(errno));
}

using Descriptor = Handle<&::close>;

}  // namespace

std::optional<HostKey> parse_host_key(std::string_view line) {
  const auto type = next_word(line);
  const auto blob = base64_decode(next_word(line));
  if (!blob) return std::nullopt;
  // RFC 4253 6.6: the blob begins with its own type; what follows may not be empty.
  std::string_view inside = *blob;
  if (type.empty() || take_ssh_field(inside) != type || inside.empty()) return std::nullopt;
  return HostKey{std::string(type), *blob};
}

std::string to_line(const HostKey& key) { return key.type + " " + base64_encode(key.blob); }

std::string fingerprint(const HostKey& key) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(key.blob.data()), key.blob.size(), digest);
  auto text = base64_encode({reinterpret_cast<const char*>(digest), sizeof digest});
  while (text.ends_with('=')) text.pop_back();
  return "SHA256:" + text;
}

std::string known_hosts_name(std::string_view address, int port) {
  const auto host = lower(address);
  return port == 22 ? host : "[" + host + "]:" + std::to_string(port);
}

KnownHosts::KnownHosts(std::string_view text) {
  std::size_t number = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto rest = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    ++number;
    const auto note = [&](const char* what) {
      notes_.push_back("line " + std::to_string(number) + ": " + what);
    };

    auto word = next_word(rest);
    if (word.empty() || word.front() == '#') continue;
    Line line;
    if (word.front() == '@') {
      if (word == "@cert-authority") {
        note("@cert-authority is ignored; host certificates are not supported, list the host's own key");
        continue;
      }
      if (word != "@revoked") {
        note("unknown marker, the line is ignored");
        continue;
      }
      line.revoked = true;
      word = next_word(rest);
    }
    if (word.starts_with("|1|")) {
      const auto bar = word.find('|', 3);
      const auto salt = bar == std::string_view::npos ? std::nullopt : base64_decode(word.substr(3, bar - 3));
      const auto hash = bar == std::string_view::npos ? std::nullopt : base64_decode(word.substr(bar + 1));
      if (!salt || !hash || hash->size() != SHA_DIGEST_LENGTH) {
        note("the hashed host name cannot be read, the line is ignored");
        continue;
      }
      line.salt = *salt;
      line.hash = *hash;
    } else {
      std::stringstream names{lower(word)};
      for (std::string name; std::getline(names, name, ',');) {
        if (!name.empty()) line.patterns.push_back(name);
      }
    }
    const auto key = parse_host_key(rest);
    if (!key) {
      note("no host key there (expected: hosts, key type, base64), the line is ignored");
      continue;
    }
    line.key = *key;
    lines_.push_back(std::move(line));
  }
}

bool KnownHosts::matches(const Line& line, const std::string& name) {
  if (!line.hash.empty()) {
    unsigned char digest[SHA_DIGEST_LENGTH];
    unsigned int length = 0;
    HMAC(EVP_sha1(), line.salt.data(), static_cast<int>(line.salt.size()),
         reinterpret_cast<const unsigned char*>(name.data()), name.size(), digest, &length);
    return length == line.hash.size() && std::memcmp(digest, line.hash.data(), length) == 0;
  }
  bool match = false;
  for (std::string_view pattern : line.patterns) {
    const bool negated = pattern.front() == '!';
    if (negated) pattern.remove_prefix(1);
    if (!wildcard_match(pattern, name)) continue;
    if (negated) return false;
    match = true;
  }
  return match;
}

const KnownHosts::Expected& KnownHosts::find(const std::string& name) const {
  const auto key = lower(name);
  const auto [it, fresh] = found_.try_emplace(key);
  if (fresh) {
    for (const auto& line : lines_) {
      if (matches(line, key)) (line.revoked ? it->second.revoked : it->second.keys).push_back(line.key);
    }
  }
  return it->second;
}

HostKeyVerdict judge(const KnownHosts::Expected& expected, const HostKey& presented) {
  const auto holds = [&](const std::vector<HostKey>& keys) {
    return std::find(keys.begin(), keys.end(), presented) != keys.end();
  };
  if (holds(expected.revoked)) return HostKeyVerdict::kRevoked;
  if (holds(expected.keys)) return HostKeyVerdict::kKnown;
  // A key of another type than the stored ones counts as changed too: whoever
  // stands in the middle may choose the type.
  return expected.keys.empty() ? HostKeyVerdict::kUnknown : HostKeyVerdict::kChanged;
}

std::string host_key_preference(const std::vector<HostKey>& expected) {
  static const char* const kOrder[] = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                                       "ecdsa-sha2-nistp521", "ssh-rsa"};
  const auto held = [&](std::string_view type) {
    return std::any_of(expected.begin(), expected.end(),
                       [&](const HostKey& key) { return key.type == type; });
  };
  std::string list;
  const auto add = [&](std::string_view type) {
    if (!list.empty()) list += ',';
    // The key type ssh-rsa has three signature algorithms; SHA-1 comes last.
    list += type == "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256,ssh-rsa" : type;
  };
  for (const auto* type : kOrder) {
    if (held(type)) add(type);
  }
  for (const auto* type : kOrder) {
    if (!held(type)) add(type);
  }
  return list;
}

void KnownHostsFile::refresh() {
  const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno != ENOENT) fail(path_, "cannot be read");
    stamp_ = {};
    parsed_ = {};
    return;
  }
  struct stat st {};
  if (::fstat(file.get(), &st) != 0) fail(path_, "cannot be read");
  const Stamp stamp{st.st_mtim.tv_sec * 1'000'000'000LL + st.st_mtim.tv_nsec,
                    static_cast<long long>(st.st_size), static_cast<long long>(st.st_ino)};
  if (stamp == stamp_) return;
  std::string text;
  char buffer[65536];
  for (;;) {
    const auto n = ::read(file.get(), buffer, sizeof buffer);
    if (n == 0) break;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path_, "cannot be read");
    text.append(buffer, static_cast<std::size_t>(n));
  }
  parsed_ = KnownHosts(text);
  stamp_ = stamp;
}

KnownHosts::Expected KnownHostsFile::find(const std::string& name) {
  const std::lock_guard lock(mutex_);
  refresh();
  return parsed_.find(name);
}

std::vector<std::string> KnownHostsFile::notes() {
  const std::lock_guard lock(mutex_);
  refresh();
  return parsed_.notes();
}

HostKeyVerdict KnownHostsFile::accept(const std::string& name, const HostKey& key) {
  const std::lock_guard lock(mutex_);
  const Descriptor file(::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (file.get() < 0) fail(path_, "cannot be written");
  if (::flock(file.get(), LOCK_EX) != 0) fail(path_, "cannot be locked");
  refresh();
  if (const auto verdict = judge(parsed_.find(name), key); verdict != HostKeyVerdict::kUnknown)
    return verdict;

  std::string line = name + " " + to_line(key) + "\n";
  const auto size = ::lseek(file.get(), 0, SEEK_END);
  char last = '\n';
  if (size > 0 && ::pread(file.get(), &last, 1, size - 1) == 1 && last != '\n') line.insert(0, "\n");
  if (::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    fail(path_, "cannot be written");
  }
  if (::fdatasync(file.get()) != 0) fail(path_, "cannot be synced");
  stamp_ = {};  // two writes within one clock tick leave the same time and may leave the same size
  refresh();
  return judge(parsed_.find(name), key);
}

}  // namespace maand
