#include "reconciler/cli/job_secrets.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "gitsource/age_opener.h"
#include "gitsource/age_tool.h"
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

void throw_errors(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& one : diagnostics.all()) text += (text.empty() ? "" : "\n") + to_string(one);
  if (diagnostics.has_errors()) throw CommandError(kExitUsage, text);
}

}  // namespace

std::optional<Bucket> maybe_bucket(const Context& context) {
  try {
    return open_bucket(context);
  } catch (const CommandError&) {
    if (!context.bucket.empty()) throw;
    return std::nullopt;
  }
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
  const fs::path here = fs::current_path();
  const auto workspace = find_workspace(here);
  if (!workspace)
    throw CommandError(kExitUsage,
                       "there is no workspace in " + here.string() +
                           " or above it; go into a checkout, or say --stored for the store of the "
                           "control host");
  if (!is_job_name(job.str()))
    throw CommandError(kExitUsage, quote(job.str()) + " is no name for a job: " + kJobNameGrammar);
  workspace_ = *workspace;
  const fs::path directory = workspace_ / "jobs" / job.str();
  std::error_code error;
  if (!fs::is_regular_file(directory / "manifest.json", error))
    throw CommandError(kExitUsage, "there is no job " + quote(job.str()) + " in " +
                                       (workspace_ / "jobs").string() + "; `maand job create` makes one");
  path_ = directory / kSealedSecretsFile;
  Diagnostics found;
  if (const auto text = text_of(path_)) sealed_ = parse_sealed_secrets(*text, path_.string(), found);
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

void JobSecrets::set(const std::string& key, const std::string& value,
                     const std::vector<std::string>& recipients) {
  std::string bound = bound_secret(job_, key, value);
  AgeResult result = age_encrypt(recipients, bound);
  wipe(bound);
  if (result.state != AgeResult::State::kDone) throw CommandError(kExitFailed, result.problem);
  sealed_[key] = std::move(result.text);
}

void JobSecrets::save() const {
  if (!sealed_.empty()) {
    replace_file(path_, sealed_secrets_text(sealed_));
    return;
  }
  std::error_code error;
  fs::remove(path_, error);
  if (error) throw CommandError(kExitFailed, "cannot remove " + path_.string() + ": " + error.message());
}

}  // namespace maand
