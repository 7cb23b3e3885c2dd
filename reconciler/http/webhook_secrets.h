// The secrets of one provider as its file says now, so that they can be exchanged
// while the daemon runs.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/webhook/secrets.h"

namespace maand {

class WebhookSecretFile {
 public:
  explicit WebhookSecretFile(std::filesystem::path path) : path_(std::move(path)) {}

  // Looks whether the file is still the one that was read (one stat) and reads it
  // when it is not. A file that cannot be read has no secrets and one problem. Any thread.
  WebhookSecrets current();

 private:
  WebhookSecrets read() const;

  const std::filesystem::path path_;
  std::mutex mutex_;
  std::optional<struct stat> seen_;
  WebhookSecrets secrets_;
};

}  // namespace maand
