// Whose webhooks are understood, and their names in routes, metrics and logs (R6.3).
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace maand {

enum class WebhookProvider { kGithub, kGitlab, kGitea, kBitbucket, kGeneric };

inline constexpr std::array kWebhookProviders = {WebhookProvider::kGithub, WebhookProvider::kGitlab,
                                                 WebhookProvider::kGitea, WebhookProvider::kBitbucket,
                                                 WebhookProvider::kGeneric};

const char* to_string(WebhookProvider provider);  // "github", …

// The provider of a route's last word. Forgejo and Gogs are Gitea by other names.
std::optional<WebhookProvider> webhook_provider(std::string_view word);

// Headers of a delivery, their names in lower case.
using WebhookHeaders = std::multimap<std::string, std::string>;

// The header's value; empty when it is missing, or there more than once: nobody
// could say which one is meant.
std::string_view only_header(const WebhookHeaders& headers, const std::string& name);

}  // namespace maand
