#include "reconciler/core/webhook/secrets.h"

#include <algorithm>

#include "reconciler/core/text.h"

namespace maand {

WebhookSecrets parse_webhook_secrets(std::string_view text) {
  WebhookSecrets out;
  if (text.size() > kMaxWebhookSecretsBytes) {
    out.problems.push_back("it is larger than 64 KiB, which no list of secrets is; nothing of it is taken");
    return out;
  }
  bool short_one = false;
  bool left_out = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    if (out.secrets.size() == kMaxWebhookSecrets) {
      left_out = true;
      break;
    }
    short_one = short_one || line.size() < kShortWebhookSecretBytes;
    out.secrets.emplace_back(line);
  }
  if (left_out) out.problems.push_back("it holds more than 16 secrets; those after the 16th are left out");
  if (short_one) {
    out.problems.push_back(
        "a secret in it is shorter than 16 characters and can be guessed; `openssl rand -hex 32` makes a "
        "good "
        "one");
  }
  return out;
}

}  // namespace maand
