// The file of a provider's shared secrets: one a line, so that a new one can be
// added before the old one goes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace maand {

// Each costs one HMAC over the whole body of every delivery.
inline constexpr std::size_t kMaxWebhookSecrets = 16;
inline constexpr std::size_t kMaxWebhookSecretsBytes = 64 * 1024;
// Shorter ones can be guessed from one captured delivery, away from our rate limit.
inline constexpr std::size_t kShortWebhookSecretBytes = 16;

struct WebhookSecrets {
  std::vector<std::string> secrets;  // never an empty one
  std::vector<std::string>
      problems;  // sentences without a secret in them; what is good is taken all the same
};

// Lines are trimmed; blank ones and those that begin with `#` are left out.
WebhookSecrets parse_webhook_secrets(std::string_view text);

}  // namespace maand
