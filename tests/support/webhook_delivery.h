// A delivery as a git host sends it, from a file of tests/golden/webhook: the
// request line without its version, headers, an empty line, the body byte by byte.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include "reconciler/core/text.h"
#include "reconciler/core/webhook/provider.h"
#include "reconciler/core/webhook/signature.h"
#include "tests/support/process.h"

namespace maand::testing {

// What every fixture is signed with, or brings along (GitLab).
inline constexpr const char* kFixtureSecret = "0f4c1d2e3b5a69788796a5b4c3d2e1f0";
inline constexpr const char* kFixtureCommit = "b5c1f9a0c3f2d4e5a6b7c8d9e0f1a2b3c4d5e6f7";

struct WebhookDelivery {
  std::string path;  // /webhook/github
  WebhookHeaders headers;
  std::string body;

  WebhookProvider provider() const {
    return webhook_provider(std::string_view(path).substr(path.rfind('/') + 1)).value();
  }
  // As it goes over the wire.
  std::string request() const {
    std::string out = "POST " + path + " HTTP/1.1\r\n";
    for (const auto& [name, value] : headers) out += name + ": " + value + "\r\n";
    return out + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
};

inline WebhookDelivery parse_delivery(std::string_view text) {
  WebhookDelivery out;
  const auto take_line = [&text] {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) throw std::runtime_error("a delivery ends in its headers");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
  };
  out.path = std::string(take_line().substr(std::string_view("POST ").size()));
  for (std::string_view line = take_line(); !line.empty(); line = take_line()) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) throw std::runtime_error("a header without a colon");
    out.headers.emplace(lower(line.substr(0, colon)), line.substr(colon + 2));
  }
  out.body = std::string(text);
  return out;
}

// Signs it again, after it was changed.
inline void sign(WebhookDelivery& delivery, const std::string& secret = kFixtureSecret) {
  const std::string digest = hmac_sha256(secret, delivery.body).hex();
  for (auto& [name, value] : delivery.headers) {
    if (name == "x-gitlab-token") value = secret;
    if (name == "x-hub-signature-256" || name == "x-hub-signature" || name == "x-maand-signature")
      value = "sha256=" + digest;
    if (name == "x-gitea-signature" || name == "x-forgejo-signature" || name == "x-gogs-signature")
      value = digest;
  }
}

inline WebhookDelivery fixture_delivery(const std::string& name) {
  return parse_delivery(read_file(std::filesystem::path(MAAND_WEBHOOK_FIXTURES) / (name + ".http")));
}

}  // namespace maand::testing
