#include "reconciler/cli/channels.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "reconciler/cli/forge_settings.h"
#include "reconciler/cli/secret_place.h"
#include "reconciler/core/notice/channels.h"
#include "reconciler/core/outbound_rules.h"
#include "reconciler/core/private_file.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostSecretBytes = 8192;

[[noreturn]] void refuse(const char* key, const std::string& file, const std::string& what,
                         const std::string& to_do) {
  throw CommandError(kExitUsage,
                     std::string("maand.conf: ") + key + ": secrets/" + file + " " + what + " — " + to_do);
}

// One line, of a file for its owner alone. What is in it is shown nowhere.
std::string secret(const Bucket& bucket, const char* key, const std::string& name) {
  const std::filesystem::path path = secret_place(bucket, name);
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) refuse(key, name, "cannot be read", "make it, or take the key out");
  if (!S_ISREG(info.st_mode)) refuse(key, name, "is no file", "put one there");
  if (!is_private_file(info.st_mode, info.st_uid, info.st_gid, ::getegid()))
    refuse(key, name, "may be read by others than its owner", "chmod 600 " + path.string());
  std::ifstream in(path, std::ios::binary);
  std::string text(kMostSecretBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || !in.eof())
    refuse(key, name, "cannot be read or has more than 8 KiB", "it holds one line, the secret");
  text.resize(static_cast<std::size_t>(in.gcount()));
  const std::string value(trim(text));
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (value.empty()) refuse(key, name, "is empty", "write the secret into it");
  if (std::any_of(value.begin(), value.end(), control))
    refuse(key, name, "has more than one line", "it holds one line, the secret");
  return value;
}

std::shared_ptr<const Channel> slack(const Bucket& bucket) {
  const Config::Notify& notify = bucket.config.notify;
  constexpr const char* kKey = "notify.slack_url_file";
  std::string url = secret(bucket, kKey, notify.slack_url_file);
  if (!is_http_url(url))
    refuse(kKey, notify.slack_url_file, "holds no URL",
           "write the one the service shows for its incoming webhook");
  if (!url.starts_with("https://") && !is_loopback_host(host_of_url(url)))
    refuse(kKey, notify.slack_url_file, "holds a URL of http://, so that everybody on the way could use it",
           "use https://");
  return slack_channel(std::move(url), notify.ca_file);
}

std::shared_ptr<const Channel> mail(const Bucket& bucket) {
  const Config::Notify& notify = bucket.config.notify;
  OutboundMail server;
  server.url = notify.smtp_url;
  const bool start_tls = notify.smtp_starttls.value_or(!is_loopback_host(host_of_url(notify.smtp_url)));
  server.start_tls = start_tls ? OutboundMail::StartTls::kRequired : OutboundMail::StartTls::kNever;
  server.user = notify.smtp_user;
  if (!notify.smtp_password_file.empty())
    server.password = secret(bucket, "notify.smtp_password_file", notify.smtp_password_file);
  server.from = notify.mail_from;
  server.to = notify.mail_to;
  server.ca_file = notify.ca_file;
  return mail_channel(std::move(server));
}

}  // namespace

Outbox::Channels channels_of(const Bucket& bucket) {
  const Config::Notify& notify = bucket.config.notify;
  Outbox::Channels channels;
  if (!notify.slack_url_file.empty()) channels.push_back(slack(bucket));
  if (!notify.webhook_url.empty()) {
    channels.push_back(webhook_channel(
        notify.webhook_url, secret(bucket, "notify.webhook_secret_file", notify.webhook_secret_file),
        notify.ca_file));
  }
  if (!notify.smtp_url.empty()) channels.push_back(mail(bucket));
  for (auto& forge : forge_channels(bucket)) channels.push_back(std::move(forge));
  return channels;
}

NotifierSettings notifier_settings(const Bucket& bucket, const Outbox::Channels& channels) {
  NotifierSettings settings;
  settings.bucket_id = bucket.config.bucket_id.str();
  settings.bucket_name = bucket.config.name;
  settings.link = bucket.config.notify.link;
  settings.least = bucket.config.notify.severity;
  for (const auto& channel : channels) {
    const std::string& name = channel->name();
    if (name == kSlackChannel || name == kWebhookChannel || name == kMailChannel)
      settings.channels.push_back(name);
  }
  return settings;
}

}  // namespace maand
