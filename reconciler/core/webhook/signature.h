// Does a delivery come from whom we share a secret with? Asked of its raw bytes,
// before anybody parses them (R6.3).
//
// GitHub, Gitea, Bitbucket: HMAC-SHA256 over the body. GitLab sends the secret
// itself. Generic: HMAC-SHA256 over the body, or over `<timestamp>.<body>` when a
// timestamp is sent. Every comparison takes the same time however much of it is right.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/ids.h"
#include "reconciler/core/webhook/provider.h"

namespace maand {

enum class SignatureVerdict {
  kGood,
  kWrong,    // missing, not readable, or of no secret of ours: not told apart
  kExpired,  // right, but its timestamp is more than kMaxTimestampSkew from our clock
};

// Captured deliveries with a timestamp are good for no longer; clocks may differ by as much.
inline constexpr std::chrono::seconds kMaxTimestampSkew{300};

// Whether there is anything to verify; known before the body is read.
bool has_signature(WebhookProvider provider, const WebhookHeaders& headers);

// Total. No secret: kWrong. Cost: one pass over `body` per secret.
SignatureVerdict verify_delivery(WebhookProvider provider, const WebhookHeaders& headers,
                                 std::string_view body, const std::vector<std::string>& secrets,
                                 std::chrono::system_clock::time_point now);

Digest hmac_sha256(std::string_view key, std::string_view data);

}  // namespace maand
