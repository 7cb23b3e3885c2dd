#include "reconciler/cli/commands/init.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <vector>

#include "gitsource/git_url.h"
#include "reconciler/app/config.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/core/git_ref.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/quoted_text.h"
#include "reconciler/core/text.h"

namespace maand {
namespace fs = std::filesystem;
namespace {

// RFC 9562, version 4.
std::string random_uuid() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw CommandError(kExitFailed,
                       "the system gives no random bytes for a bucket id; name one with --bucket-id");
  }
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += kDigits[bytes[i] >> 4];
    out += kDigits[bytes[i] & 15];
  }
  return out;
}

void refuse_control_characters(const std::string& option, const std::string& value) {
  if (!is_utf8(value) ||
      std::any_of(value.begin(), value.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; })) {
    throw CommandError(kExitUsage, option + " " + quote(value) + " holds characters that no such value has");
  }
}

// Everything that would make the daemon refuse the file, before it is written.
void check(const InitOptions& options, const std::string& text) {
  try {
    parse_git_url(options.repo);
  } catch (const SourceError& error) {
    throw CommandError(kExitUsage, std::string("--repo: ") + error.what());
  }
  std::string problems;
  const LoadedConfig loaded = parse_config(text, "maand.conf", {});
  for (const Diagnostic& one : loaded.diagnostics.all()) {
    if (one.severity != Severity::kError) continue;
    problems += (problems.empty() ? "" : "\n") + one.field + ": " + one.message + " — " + one.advice;
  }
  if (!problems.empty()) throw CommandError(kExitUsage, problems);
}

void refuse_existing(const fs::path& directory) {
  std::vector<std::string> there;
  for (const char* name : {"maand.conf", "secrets", "data"}) {
    std::error_code ignored;
    if (fs::symlink_status(directory / name, ignored).type() != fs::file_type::not_found)
      there.emplace_back(name);
  }
  if (there.empty()) return;
  throw CommandError(kExitUsage, directory.string() + " already has " + join_words(there) +
                                     "; init never overwrites. Take another directory, or move " +
                                     (there.size() == 1 ? "it" : "them") + " away");
}

[[noreturn]] void fail(const fs::path& path) {
  throw CommandError(kExitFailed, "cannot make " + path.string() + ": " + std::strerror(errno));
}

void make_private_directory(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0) fail(path);
}

void write_new_file(const fs::path& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) fail(path);
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      ::close(fd);
      fail(path);
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(fd) != 0 || ::close(fd) != 0) fail(path);
}

void print_next_steps(const fs::path& directory, const InitOptions& options) {
  const std::string at = directory.string();
  const GitUrl::Kind kind = parse_git_url(options.repo).kind;
  std::cout << "A bucket is made in " << at << " (id " << options.bucket_id << ").\n\nNext:\n"
            << "  1. The key that opens the workers (ed25519), mode 0600: " << at << "/secrets/worker.key\n"
            << "     Who logs in, port and sudo: [ssh] in " << at << "/maand.conf\n"
            << "  2. The workers' host keys: " << at
            << "/secrets/known_hosts (`ssh-keyscan HOST`, compared by you),\n"
            << "     or `host_key` of a worker in workers.json\n";
  int step = 3;
  if (kind == GitUrl::Kind::kSsh) {
    std::cout << "  3. A deploy key that may write (maand pushes git notes): " << at << "/secrets/git.key,\n"
              << "     and the git server's host key in " << at << "/secrets/known_hosts\n";
    step = 4;
  } else if (kind == GitUrl::Kind::kHttps) {
    std::cout << "  3. A token that may write (maand pushes git notes): a file in " << at << "/secrets/,\n"
              << "     named by git.token_file in maand.conf; a public repository needs none to be read\n";
    step = 4;
  }
  std::cout << "  " << step << ". maand --bucket " << at << " serve\n";
}

}  // namespace

std::string bucket_config_text(const InitOptions& options, const std::string& name) {
  return R"(# maand.conf: one bucket. Every key can also be given by the environment, as
# MAAND__SECTION__KEY. What is commented out shows the
# default, or an example.

# Names this bucket's files on every worker. Never change it.
bucket_id = )" +
         toml_quoted(options.bucket_id) + R"(
# How notes and logs call this bucket.
name = )" +
         toml_quoted(name) +
         R"(
# worker_root = "/opt/worker"    # directory on the workers; fixed at the first apply

[ssh]
user = "agent"                   # who logs in on the workers
key = "worker.key"               # a file in secrets/, or "agent" for ssh-agent
# port = 22
use_sudo = true                  # needs `sudo -n`; false when the user may write worker_root
# jump = "user@bastion:22"
# host_key_policy = "strict"     # unknown host keys are refused; "accept-new" believes the first answer
# connect_timeout = "15s"

[git]
url = )" +
         toml_quoted(options.repo) +
         R"(
branch = )" +
         toml_quoted(options.branch) +
         R"(
path = )" +
         toml_quoted(options.path) +
         R"(               # folder of workers.json in the repository
# poll_interval = "60s"
# ssh_key = "git.key"            # a file in secrets/, for ssh remotes
# token_file = "git.token"       # a file in secrets/, for https remotes
# push_notes = true              # tell each commit's outcome as a git note
# notes_ref = "refs/notes/maand"

[policy]
# max_removals = "50%"           # more stops than that (or than a number) in one commit wait for `maand release`
# max_failures = "10%"           # more failed allocations than that in one commit stop further jobs
# max_workers_aside = "25%"      # the same of workers that cannot be used
# verify = "none"                # "head" or "strict": only signed commits are applied (docs/policies.md)
# allowed_signers = "signers"    # a file in secrets/: SSH keys; or keyring = "…" for OpenPGP

[rollout]
# lifecycle_timeout = "10m"      # of one make target
# shutdown_grace = "10s"

[http]
# listen = "127.0.0.1:8484"        # API, loopback only
# health_listen = "127.0.0.1:8485" # /healthz, /readyz, /metrics
# webhook_listen = "127.0.0.1:8486" # a push arrives at once; needs a secret below

[webhook]
# github_secret_file = "github-webhook" # a file in secrets/; gitlab_, gitea_, bitbucket_, generic_ as well

[health]
# interval = "60s"               # how often what runs is probed between rollouts
)";
}

std::string bucket_name_from(const fs::path& directory) {
  std::string name;
  for (const char c : directory.filename().string()) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    if (plain && name.size() < 63) name += c;
  }
  return name.empty() ? "maand" : name;
}

int run_init(const Context& context, const InitOptions& given) {
  InitOptions options = given;
  refuse_control_characters("--repo", options.repo);
  refuse_control_characters("--branch", options.branch);
  if (!is_branch_name(options.branch)) {
    throw CommandError(kExitUsage, "--branch " + quote(options.branch) +
                                       " is no name that git allows for a branch (git check-ref-format)");
  }
  refuse_control_characters("--path", options.path);
  refuse_control_characters("--bucket-id", options.bucket_id);
  if (options.bucket_id.empty()) options.bucket_id = random_uuid();
  fs::path directory = fs::absolute(options.directory).lexically_normal();
  if (!directory.has_filename() && directory.has_relative_path()) directory = directory.parent_path();
  const std::string text = bucket_config_text(options, bucket_name_from(directory));
  check(options, text);
  refuse_existing(directory);

  std::error_code error;
  fs::create_directories(directory, error);
  if (error) throw CommandError(kExitFailed, "cannot make " + directory.string() + ": " + error.message());
  make_private_directory(directory / "secrets");
  make_private_directory(directory / "data");
  // Last: a directory with a maand.conf is a whole bucket.
  write_new_file(directory / "maand.conf", text);

  if (context.json) {
    std::cout << JsonObject().text("bucket", directory.string()).text("bucket_id", options.bucket_id).str()
              << "\n";
  } else {
    print_next_steps(directory, options);
  }
  return kExitDone;
}

}  // namespace maand
