#include "reconciler/core/webhook/provider.h"

namespace maand {

const char* to_string(WebhookProvider provider) {
  switch (provider) {
    case WebhookProvider::kGithub:
      return "github";
    case WebhookProvider::kGitlab:
      return "gitlab";
    case WebhookProvider::kGitea:
      return "gitea";
    case WebhookProvider::kBitbucket:
      return "bitbucket";
    case WebhookProvider::kGeneric:
      return "generic";
  }
  return "generic";
}

std::optional<WebhookProvider> webhook_provider(std::string_view word) {
  if (word == "forgejo" || word == "gogs") return WebhookProvider::kGitea;
  for (const WebhookProvider provider : kWebhookProviders) {
    if (word == to_string(provider)) return provider;
  }
  return std::nullopt;
}

std::string_view only_header(const WebhookHeaders& headers, const std::string& name) {
  const auto [begin, end] = headers.equal_range(name);
  if (begin == end || std::next(begin) != end) return {};
  return begin->second;
}

}  // namespace maand
