#include "reconciler/store/bucket_authority.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "reconciler/core/certificate_facts.h"
#include "reconciler/core/handle.h"
#include "reconciler/core/secret_box.h"
#include "reconciler/store/certificate_signing.h"

namespace maand {
namespace {

namespace fs = std::filesystem;
using Descriptor = Handle<&::close>;

constexpr std::size_t kMostBytes = 1u << 20;

std::string reason() { return std::strerror(errno); }

struct ReadFile {
  bool there = true;
  mode_t mode = 0;
  std::string text;
  std::string problem;
};

// Not to hang on a pipe that lies there, nothing is waited for.
ReadFile read_file(const fs::path& path) {
  ReadFile out;
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) {
    out.there = !(file.get() < 0 && errno == ENOENT);
    if (out.there) out.problem = "cannot read " + path.string() + ": " + reason();
    return out;
  }
  out.mode = info.st_mode;
  if (!S_ISREG(info.st_mode) || info.st_size > static_cast<off_t>(kMostBytes)) {
    out.problem = path.string() + " is no file with a PEM text";
    return out;
  }
  char part[4096];
  while (out.text.size() <= kMostBytes) {
    const ssize_t size = ::read(file.get(), part, sizeof part);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) out.problem = "cannot read " + path.string() + ": " + reason();
    if (size <= 0) break;
    out.text.append(part, static_cast<std::size_t>(size));
  }
  return out;
}

// On disk when it returns.
void write_file(const fs::path& path, mode_t mode, const std::string& text) {
  const auto fail = [&](const std::string& why) {
    ::unlink(path.c_str());
    throw CertificateError("cannot write " + path.string() + ": " + why);
  };
  ::unlink(path.c_str());
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (file.get() < 0 || ::fchmod(file.get(), mode) != 0) fail(reason());
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t size = ::write(file.get(), left.data(), left.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) fail(reason());
    left.remove_prefix(static_cast<std::size_t>(size));
  }
  if (::fsync(file.get()) != 0) fail(reason());
}

void sync_directory(const fs::path& path) {
  const Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0)
    throw CertificateError("cannot make sure that " + path.string() + " is on disk: " + reason());
}

class AuthorityFiles : public CertificateIssuer {
 public:
  explicit AuthorityFiles(fs::path directory) : directory_(std::move(directory)) {}

  BucketAuthority authority(WallTime now) override {
    Pair pair = read();
    wipe(pair.pair.key);
    if (pair.problem.empty() && !pair.absent && pair.facts->not_after <= now)
      pair.problem = certificate().string() +
                     " has ended: put another CA in its place, certificate and key "
                     "(docs/certificates.md)";
    return {std::move(pair.pair.certificate), pair.absent, std::move(pair.problem)};
  }

  void create(const BucketId& bucket, WallTime now) override {
    if (!read().absent) throw CertificateError("the bucket has a CA already");
    if (!unfinished()) {
      IssuedPair made = make_authority(bucket.str(), CertificateSpec::Key::kRsa4096, now);
      write_file(beside(certificate()), 0644, made.certificate);
      write_file(beside(key()), 0600, made.key);
      wipe(made.key);
      sync_directory(directory_);
      move(key());
    }
    move(certificate());
    sync_directory(directory_);
  }

  IssuedPair issue(const CertificateWish& wish) override {
    Pair pair = read();
    if (pair.absent) throw CertificateError("the bucket has no CA yet");
    if (!pair.problem.empty()) throw CertificateError(pair.problem);
    IssuedPair out = sign_certificate(pair.pair, wish);
    wipe(pair.pair.key);
    return out;
  }

 private:
  struct Pair {
    IssuedPair pair;
    bool absent = false;
    std::string problem;
    std::optional<CertificateFacts> facts;  // without a problem
  };

  fs::path certificate() const { return directory_ / kAuthorityFile; }
  fs::path key() const { return directory_ / kAuthorityKeyFile; }
  static fs::path beside(const fs::path& path) { return path.string() + ".new"; }

  // A crash came between the two names; key first, so that a certificate never lacks its key.
  bool unfinished() const {
    if (fs::exists(certificate()) || !fs::exists(key())) return false;
    return key_fits(read_file(beside(certificate())).text, read_file(key()).text);
  }

  static void move(const fs::path& path) {
    if (::rename(beside(path).c_str(), path.c_str()) != 0)
      throw CertificateError("cannot put " + path.string() + " in place: " + reason());
  }

  Pair read() const {
    ReadFile own = read_file(certificate());
    ReadFile secret = read_file(key());
    Pair out;
    if (!own.there && (!secret.there || unfinished())) {
      out.absent = true;
      return out;
    }
    out.pair = {std::move(own.text), std::move(secret.text)};
    out.problem = problem_of(own, secret, out);
    return out;
  }

  std::string problem_of(const ReadFile& own, const ReadFile& secret, Pair& pair) const {
    const std::string both = certificate().string() + " and " + key().string();
    if (!own.there || !secret.there) {
      return (own.there ? key() : certificate()).string() +
             " is missing and the other file of the CA is there; put it back from a backup";
    }
    if (!own.problem.empty()) return own.problem;
    if (!secret.problem.empty()) return secret.problem;
    if ((secret.mode & 077) != 0) {
      return key().string() + " may be used by others than its owner; run `chmod 600 " + key().string() +
             "`, and if somebody may have read it, make another CA";
    }
    pair.facts = certificate_facts(pair.pair.certificate);
    if (!pair.facts) return certificate().string() + " holds no certificate in PEM";
    if (!pair.facts->authority)
      return certificate().string() + " is the certificate of no CA (CA:TRUE); put one there that may sign";
    if (!key_fits(pair.pair.certificate, pair.pair.key)) {
      return both +
             " do not belong together, or the key is no PEM without a passphrase; put the right "
             "pair there";
    }
    return {};
  }

  const fs::path directory_;
};

}  // namespace

std::unique_ptr<CertificateIssuer> open_bucket_authority(const fs::path& secrets_directory) {
  return std::make_unique<AuthorityFiles>(secrets_directory);
}

}  // namespace maand
