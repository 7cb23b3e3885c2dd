#include "reconciler/core/webhook/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <charconv>
#include <optional>

#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr char kTimestamp[] = "x-maand-timestamp";
constexpr std::string_view kPrefix = "sha256=";

// Where the provider puts the signature, or the token. Gitea's sisters keep its
// headers and add their own; the first that is there counts.
std::string_view proof(WebhookProvider provider, const WebhookHeaders& headers) {
  switch (provider) {
    case WebhookProvider::kGithub:
      return only_header(headers, "x-hub-signature-256");
    case WebhookProvider::kGitlab:
      return only_header(headers, "x-gitlab-token");
    case WebhookProvider::kGitea:
      for (const char* name : {"x-forgejo-signature", "x-gitea-signature", "x-gogs-signature"}) {
        if (headers.count(name) > 0) return only_header(headers, name);
      }
      return {};
    case WebhookProvider::kBitbucket:
      return only_header(headers, "x-hub-signature");
    case WebhookProvider::kGeneric:
      return only_header(headers, "x-maand-signature");
  }
  return {};
}

// CRYPTO_memcmp: does not stop at the first byte that differs.
bool equal(const Digest& a, const Digest& b) {
  return CRYPTO_memcmp(a.bytes.data(), b.bytes.data(), a.bytes.size()) == 0;
}

bool signed_by_one(const Digest& claimed, std::string_view data, const std::vector<std::string>& secrets) {
  bool good = false;
  for (const std::string& secret : secrets) good = equal(claimed, hmac_sha256(secret, data)) || good;
  return good;
}

// Digests are compared, so that not even the length of a secret is told by time.
bool is_one_of(std::string_view token, const std::vector<std::string>& secrets) {
  const Digest claimed = sha256(token);
  bool good = false;
  for (const std::string& secret : secrets) good = equal(claimed, sha256(secret)) || good;
  return good;
}

// Seconds since 1970.
std::optional<std::int64_t> seconds_of(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr std::int64_t kYear9999 = 253'402'300'799;
  if (error != std::errc{} || end != text.data() + text.size() || seconds < 0 || seconds > kYear9999)
    return std::nullopt;
  return seconds;
}

}  // namespace

Digest hmac_sha256(std::string_view key, std::string_view data) {
  Digest out;
  unsigned length = 0;
  // A NULL key would mean "the one before".
  const char* const bytes = key.empty() ? "" : key.data();
  HMAC(EVP_sha256(), bytes, static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(data.data()),
       data.size(), out.bytes.data(), &length);
  return out;
}

bool has_signature(WebhookProvider provider, const WebhookHeaders& headers) {
  return !proof(provider, headers).empty();
}

SignatureVerdict verify_delivery(WebhookProvider provider, const WebhookHeaders& headers,
                                 std::string_view body, const std::vector<std::string>& secrets,
                                 std::chrono::system_clock::time_point now) {
  using V = SignatureVerdict;
  std::string_view claimed = proof(provider, headers);
  if (claimed.empty()) return V::kWrong;
  if (provider == WebhookProvider::kGitlab) return is_one_of(claimed, secrets) ? V::kGood : V::kWrong;
  if (provider != WebhookProvider::kGitea) {
    if (!claimed.starts_with(kPrefix)) return V::kWrong;
    claimed.remove_prefix(kPrefix.size());
  }
  const Digest digest = Digest::from_hex(lower(claimed));
  if (digest.empty()) return V::kWrong;
  if (provider != WebhookProvider::kGeneric || headers.count(kTimestamp) == 0)
    return signed_by_one(digest, body, secrets) ? V::kGood : V::kWrong;

  const std::string_view stamp = only_header(headers, kTimestamp);
  const std::optional<std::int64_t> at = seconds_of(stamp);
  if (!at || !signed_by_one(digest, std::string(stamp) + "." + std::string(body), secrets)) return V::kWrong;
  const auto ours = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  const std::chrono::seconds theirs(*at);
  return (ours > theirs ? ours - theirs : theirs - ours) <= kMaxTimestampSkew ? V::kGood : V::kExpired;
}

}  // namespace maand
