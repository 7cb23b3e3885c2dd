#include "reconciler/cli/job_secrets.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include "gitsource/age_opener.h"
#include "gitsource/age_tool.h"
#include "reconciler/app/bucket_dir.h"
#include "reconciler/cli/checkout.h"
#include "reconciler/cli/replaced_file.h"
#include "reconciler/core/git_secrets.h"
#include "reconciler/core/names.h"
#include "reconciler/core/secret_box.h"
#include "reconciler/core/text.h"

namespace maand {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t kMostBytes = 32u << 20;

// nullopt: there is none.
std::optional<std::string> text_of(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::nullopt;
  if (!fs::is_regular_file(path, error) || fs::file_size(path, error) > kMostBytes)
    throw CommandError(kExitUsage, path.string() + " is no file of a usable size");
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) throw CommandError(kExitFailed, "cannot read " + path.string());
  return text;
}

// Of the directory itself, so that no file of a lock lies in a checkout. It ends with the process.
class DirectoryLock {
 public:
  // Throws CommandError, also when somebody else keeps it.
  explicit DirectoryLock(const fs::path& directory)
      : fd_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    constexpr std::chrono::seconds kPatience{30};  // others hold it for the time of a write
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (fd_ >= 0 && ::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      const bool waits = error == EWOULDBLOCK || error == EINTR;
      if (waits && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        continue;
      }
      ::close(fd_);
      throw CommandError(kExitFailed, waits ? "another process keeps " + directory.string() +
                                                  " locked; nothing is changed, say it again"
                                            : cannot_lock(directory, error));
    }
    if (fd_ < 0) throw CommandError(kExitFailed, cannot_lock(directory, errno));
  }
  ~DirectoryLock() { ::close(fd_); }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  static std::string cannot_lock(const fs::path& directory, int error) {
    return "cannot lock " + directory.string() + ": " + std::strerror(error) + "; nothing is changed";
  }

  const int fd_;
};

void throw_errors(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& one : diagnostics.all()) text += (text.empty() ? "" : "\n") + to_string(one);
  if (diagnostics.has_errors()) throw CommandError(kExitUsage, text);
}

}  // namespace

std::optional<Bucket> maybe_bucket(const Context& context) {
  const Environment environment = process_environment();
  const bool named = !context.bucket.empty() || environment.count("MAAND_BUCKET") > 0;
  // One that is there and cannot be opened is not none.
  if (!named && find_bucket("", "", fs::current_path()).path.empty()) return std::nullopt;
  return open_bucket(context);
}

std::vector<std::string> own_recipients(const Bucket& bucket) {
  const fs::path identity = bucket.secrets() / kAgeIdentityFile;
  std::error_code error;
  const bool there = fs::exists(identity, error);
  const AgeResult result = there ? age_recipients_of(identity) : age_make_identity(identity);
  if (result.state != AgeResult::State::kDone) throw CommandError(kExitFailed, result.problem);
  if (!there)
    std::fprintf(stderr,
                 "made %s: with it the bucket opens its secrets of git, so back it up (`maand backup`)\n",
                 identity.c_str());
  Diagnostics found;
  const std::vector<std::string> keys = parse_recipients(result.text, identity.string(), found);
  if (keys.empty())
    throw CommandError(kExitFailed, identity.string() + " has no public key that can be used");
  return keys;
}

JobSecrets::JobSecrets(const JobName& job) : job_(job) {
  workspace_ = workspace_here(", or say --stored for the store of the control host");
  if (!is_job_name(job.str()))
    throw CommandError(kExitUsage, quote(job.str()) + " is no name for a job: " + kJobNameGrammar);
  const fs::path directory = workspace_ / "jobs" / job.str();
  std::error_code error;
  if (!fs::is_regular_file(directory / "manifest.json", error))
    throw CommandError(kExitUsage, "there is no job " + quote(job.str()) + " in " +
                                       (workspace_ / "jobs").string() + "; `maand job create` makes one");
  path_ = directory / kSealedSecretsFile;
  read();
}

void JobSecrets::read() {
  Diagnostics found;
  const auto text = text_of(path_);
  sealed_ = text ? parse_sealed_secrets(*text, path_.string(), found) : std::map<std::string, std::string>{};
  throw_errors(found);
}

std::vector<std::string> JobSecrets::recipients(const std::optional<Bucket>& bucket) {
  const fs::path file = workspace_ / kRecipientsFile;
  const auto text = text_of(file);
  if (!text && !bucket)
    throw CommandError(
        kExitUsage,
        "there is no " + file.string() +
            ", so nobody could open it: on the control host, `maand secrets recipient` prints the "
            "bucket's public key; put that line into the file and commit it");
  if (!text) {
    const std::vector<std::string> own = own_recipients(*bucket);
    std::string lines = "# Public keys that the secrets of this workspace are encrypted for, one a line.\n";
    for (const std::string& one : own) lines += one + "  # bucket " + bucket->config.name + "\n";
    replace_file(file, lines);
    std::fprintf(stderr, "made %s with the bucket's public key; commit it as well\n", file.c_str());
    return own;
  }
  Diagnostics found;
  std::vector<std::string> listed = parse_recipients(*text, file.string(), found);
  throw_errors(found);
  if (listed.empty())
    throw CommandError(kExitUsage,
                       file.string() + " lists no key; put in what `maand secrets recipient` prints");
  std::error_code error;
  if (bucket && fs::exists(bucket->secrets() / kAgeIdentityFile, error)) {
    for (const std::string& own : own_recipients(*bucket)) {
      if (std::find(listed.begin(), listed.end(), own) != listed.end()) return listed;
    }
    std::fprintf(stderr, "warning: the key of the bucket in %s is not in %s, so it will not open this\n",
                 bucket->directory.c_str(), file.c_str());
  }
  return listed;
}

bool JobSecrets::change(const SheetChanges& changes, const std::vector<std::string>& recipients) {
  std::map<std::string, std::string> fresh;
  for (const auto& [key, value] : changes.set) {
    std::string bound = bound_secret(job_, key, value);
    AgeResult result = age_encrypt(recipients, bound);
    wipe(bound);
    if (result.state != AgeResult::State::kDone) throw CommandError(kExitFailed, result.problem);
    fresh[key] = std::move(result.text);
  }
  const DirectoryLock lock(path_.parent_path());
  read();
  std::size_t gone = 0;
  for (const std::string& key : changes.removed) gone += sealed_.erase(key);
  if (fresh.empty() && gone == 0) return changes.removed.empty();
  for (auto& [key, sealed] : fresh) sealed_[key] = std::move(sealed);
  if (!sealed_.empty()) {
    replace_file(path_, sealed_secrets_text(sealed_));
    return gone > 0 || changes.removed.empty();
  }
  std::error_code error;
  fs::remove(path_, error);
  if (error) throw CommandError(kExitFailed, "cannot remove " + path_.string() + ": " + error.message());
  return gone > 0;
}

}  // namespace maand
