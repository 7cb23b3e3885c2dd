#include "reconciler/http/webhook_secrets.h"

#include <fstream>

namespace maand {
namespace {

bool same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec &&
         a.st_ctim.tv_sec == b.st_ctim.tv_sec && a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

}  // namespace

WebhookSecrets WebhookSecretFile::current() {
  const std::lock_guard lock(mutex_);
  struct stat now {};
  if (::stat(path_.c_str(), &now) != 0) {
    seen_.reset();
    secrets_ = {{}, {"it cannot be read"}};
  } else if (!seen_ || !same(*seen_, now)) {
    seen_ = now;  // of before the read: what is written meanwhile is read the next time
    secrets_ = read();
  }
  return secrets_;
}

WebhookSecrets WebhookSecretFile::read() const {
  std::ifstream in(path_, std::ios::binary);
  std::string text(kMaxWebhookSecretsBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.gcount() == 0 && !in.eof())) return {{}, {"it cannot be read"}};
  text.resize(static_cast<std::size_t>(in.gcount()));
  WebhookSecrets out = parse_webhook_secrets(text);
  if (out.secrets.empty() && out.problems.empty()) out.problems.push_back("there is no secret in it");
  return out;
}

}  // namespace maand
