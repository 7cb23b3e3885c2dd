#include "reconciler/cli/forge_settings.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "reconciler/cli/secret_place.h"
#include "reconciler/core/private_file.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostTokenBytes = 4096;

// "": there is none, or it is not one line of printable text.
std::string read_token(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kMostTokenBytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  const std::string token(trim(text));
  for (const char c : token) {
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7F) return "";
  }
  return token;
}

[[noreturn]] void fail(const std::string& key, const std::string& what) {
  throw CommandError(kExitUsage, "maand.conf: notify." + key + ": " + what);
}

std::filesystem::path token_path(const Bucket& bucket) {
  const std::string& name = bucket.config.commit_status.token_file;
  if (name.empty())
    fail("commit_status_token_file", "is not set; put the token into a file under secrets/ and name it here");
  const std::filesystem::path path = secret_place(bucket, name);
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode))
    fail("commit_status_token_file", "there is no file secrets/" + name + "; put the token into it");
  if (!is_private_file(info.st_mode, info.st_uid, info.st_gid, ::getegid()))
    fail("commit_status_token_file",
         "secrets/" + name + " may be used by others than its owner; run `chmod 600 " + path.string() + "`");
  if (read_token(path).empty())
    fail("commit_status_token_file", "secrets/" + name + " holds no token: one line of printable ASCII");
  return path;
}

std::string channel_of_previews(ForgeProvider provider) {
  return std::string(to_string(provider)) + "-previews";
}

}  // namespace

std::vector<std::shared_ptr<const Channel>> forge_channels(const Bucket& bucket) {
  const Config::CommitStatus& status = bucket.config.commit_status;
  if (!status.provider) return {};
  LocatedRepository found =
      locate_repository(*status.provider, bucket.config.git.url, status.url, status.repository);
  if (!found.problem.empty()) fail("commit_status", found.problem);
  const std::filesystem::path path = token_path(bucket);
  const std::string& ca_file =
      bucket.config.notify.ca_file.empty() ? bucket.config.git.ca_file : bucket.config.notify.ca_file;
  const auto channel = [&](const std::string& name) {
    return std::make_shared<const ForgeChannel>(
        found.repository, [path] { return read_token(path); }, ca_file, name);
  };
  std::vector<std::shared_ptr<const Channel>> out = {channel(to_string(*status.provider))};
  if (!bucket.config.git.preview_refs.empty()) out.push_back(channel(channel_of_previews(*status.provider)));
  return out;
}

std::optional<CommitStatusSettings> commit_status_settings(const Bucket& bucket) {
  const Config& config = bucket.config;
  if (!config.commit_status.provider) return std::nullopt;
  CommitStatusSettings settings;
  settings.channel = to_string(*config.commit_status.provider);
  settings.context =
      config.commit_status.context.empty() ? "maand/" + config.name : config.commit_status.context;
  settings.target_url = config.notify.link;
  settings.branch = config.git.branch;
  return settings;
}

std::optional<PreviewWordsSettings> preview_words_settings(const Bucket& bucket) {
  const std::optional<CommitStatusSettings> status = commit_status_settings(bucket);
  if (!status) return std::nullopt;
  PreviewWordsSettings settings;
  settings.provider = *bucket.config.commit_status.provider;
  settings.channel = channel_of_previews(settings.provider);
  settings.bucket = bucket.config.bucket_id;
  settings.context = status->context + "/preview";
  settings.target_url = status->target_url;
  settings.comments = bucket.config.commit_status.preview_comments;
  return settings;
}

}  // namespace maand
