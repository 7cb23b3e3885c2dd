#include "gitsource/age_tool.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "gitsource/bounded_command.h"
#include "gitsource/child_process.h"
#include "reconciler/core/private_file.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

using State = AgeResult::State;

AgeResult problem(State state, std::string text) { return {state, "", std::move(text)}; }

void forget(std::string& text) {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

// nullopt: it ended by itself, whatever its status.
std::optional<AgeResult> never_ended(const CommandEnd& end, const std::string& program) {
  switch (end.kind) {
    case CommandEnd::Kind::kExited:
      return std::nullopt;
    case CommandEnd::Kind::kMissing:
      return problem(State::kNoProgram, "`" + program + "` is not installed here; install the package age");
    case CommandEnd::Kind::kTimedOut:
    case CommandEnd::Kind::kStopped:
      return problem(State::kFailed, "`" + program + "` did not answer in time; is the machine overloaded?");
    case CommandEnd::Kind::kTooMuch:
      return problem(State::kFailed, "`" + program + "` printed more than a secret may have");
    case CommandEnd::Kind::kCrashed:
    case CommandEnd::Kind::kUnstarted:
      break;
  }
  return problem(State::kFailed, "`" + program + "` cannot be run here; try `" + program + " --version`");
}

std::string first_line(const std::string& text) {
  std::string_view line = trim(text);
  line = line.substr(0, line.find('\n'));
  if (line.starts_with("age: error: ")) line.remove_prefix(12);
  return printable(line);
}

// `secrets/age.key`: what is said of it is told in notes as well, and paths of this host are nobody's
// business.
std::string shown(const std::filesystem::path& identity) {
  return (identity.parent_path().filename() / identity.filename()).string();
}

// nullopt: it may be used. Links are followed: what is mounted into a container is one.
std::optional<AgeResult> unusable(const std::filesystem::path& identity) {
  const std::string name = shown(identity);
  struct stat about {};
  if (::stat(identity.c_str(), &about) != 0) {
    if (errno == ENOENT)
      return problem(State::kNoIdentity, name + " is missing; put the bucket's key back from a backup");
    return problem(State::kNoIdentity, "cannot look at " + name + ": " + std::strerror(errno));
  }
  if (!S_ISREG(about.st_mode))
    return problem(State::kNoIdentity, name + " is no regular file; put the key there");
  if (!is_private_file(about.st_mode, about.st_uid, about.st_gid, ::getegid()))
    return problem(State::kNoIdentity,
                   name + " may be used by others than its owner; run `chmod 600 " + name +
                       "`, and if somebody may have read it, replace the secrets it opens");
  return std::nullopt;
}

CommandEnd run(std::vector<std::string> argv, std::string_view input,
               std::chrono::milliseconds deadline = std::chrono::milliseconds(10'000)) {
  BoundedCommand command;
  command.argv = std::move(argv);
  command.input = input;
  command.home = "/";  // age looks for nothing there
  command.deadline = deadline;
  return run_bounded(command);
}

// False, with errno: not written.
bool write_whole(const std::filesystem::path& path, std::string_view text) {
  const OwnedFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return false;
  while (!text.empty()) {
    const ssize_t put = ::write(file.get(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return ::fchmod(file.get(), 0600) == 0 && ::fsync(file.get()) == 0;
}

}  // namespace

AgeResult age_encrypt(const std::vector<std::string>& recipients, std::string_view plaintext) {
  std::vector<std::string> argv = {"age", "--encrypt", "--armor"};
  for (const std::string& recipient : recipients) {
    argv.emplace_back("--recipient");
    argv.push_back(recipient);
  }
  CommandEnd end = run(std::move(argv), plaintext);
  if (auto failed = never_ended(end, "age")) return *std::move(failed);
  if (end.status != 0)
    return problem(State::kBadInput, "age does not encrypt for these public keys: " + first_line(end.err));
  return {State::kDone, std::move(end.out), ""};
}

AgeResult age_decrypt(const std::filesystem::path& identity, std::string_view armored,
                      std::chrono::milliseconds deadline) {
  if (auto bad = unusable(identity)) return *std::move(bad);
  CommandEnd end = run({"age", "--decrypt", "--identity", identity.string()}, armored, deadline);
  if (auto failed = never_ended(end, "age")) {
    forget(end.out);
    return *std::move(failed);
  }
  if (end.status == 0) return {State::kDone, std::move(end.out), ""};
  forget(end.out);  // what came out before the damage
  if (end.err.find("no identity matched") != std::string::npos)
    return problem(State::kWrongKey, "it is encrypted for other keys than the one in " + shown(identity) +
                                         "; set it again with `maand secrets set`");
  if (end.err.find("malformed secret key") != std::string::npos ||
      end.err.find("reading \"") != std::string::npos || end.err.find("identity file") != std::string::npos)
    return problem(State::kNoIdentity,
                   shown(identity) + " holds no private key of age; put the right one back from a backup");
  // Its words may quote what it was given, which may be a secret that somebody only dressed up.
  return problem(State::kBadInput, "it is damaged, or no file of age; set it again with `maand secrets set`");
}

AgeResult age_make_identity(const std::filesystem::path& identity) {
  CommandEnd end = run({"age-keygen"}, "");
  if (auto failed = never_ended(end, "age-keygen")) return *std::move(failed);
  if (end.status != 0 || end.out.find("AGE-SECRET-KEY-") == std::string::npos)
    return problem(State::kFailed, "age-keygen made no key: " + first_line(end.err));
  // Written beside and linked into place: a crash half-way leaves no part of a key.
  const std::filesystem::path fresh = identity.string() + ".new";
  ::unlink(fresh.c_str());
  const bool written = write_whole(fresh, end.out);
  int error = errno;
  forget(end.out);
  const bool linked = written && ::link(fresh.c_str(), identity.c_str()) == 0;
  if (written && !linked) error = errno;
  ::unlink(fresh.c_str());
  if (!linked && !(written && error == EEXIST))
    return problem(State::kFailed, "cannot make " + identity.string() + ": " + std::strerror(error));
  const OwnedFd folder(::open(identity.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0)
    return problem(State::kFailed,
                   "cannot make sure that " + identity.string() + " is on disk: " + std::strerror(errno));
  return age_recipients_of(identity);
}

AgeResult age_recipients_of(const std::filesystem::path& identity) {
  if (auto bad = unusable(identity)) return *std::move(bad);
  CommandEnd end = run({"age-keygen", "-y", identity.string()}, "");
  if (auto failed = never_ended(end, "age-keygen")) return *std::move(failed);
  if (end.status != 0)
    return problem(State::kNoIdentity,
                   shown(identity) + " holds no private key of age; put the right one back from a backup");
  return {State::kDone, std::string(trim(end.out)), ""};
}

}  // namespace maand
