// The channels of notifications: bulletins as chat, mail and programs want them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reconciler/core/notice/bulletin.h"
#include "reconciler/core/outbound.h"

namespace maand {

inline constexpr const char* kSlackChannel = "slack";
inline constexpr const char* kWebhookChannel = "webhook";
inline constexpr const char* kMailChannel = "mail";

// An incoming webhook as Slack has them; Mattermost, Rocket.Chat and Discord (with
// `/slack` at its end) read the same. The URL is the secret.
std::shared_ptr<const Channel> slack_channel(std::string url, std::string ca_file);

// The bulletin's JSON, signed as our own generic webhook wants it (core/webhook/signature.h):
// X-Maand-Timestamp, X-Maand-Signature: sha256=<HMAC of `<timestamp>.<body>`>, and the
// bulletin's id in X-Maand-Delivery.
std::shared_ptr<const Channel> webhook_channel(std::string url, std::string secret, std::string ca_file);

// `server` is a mail without message: url, start_tls, user, password, from, to, ca_file.
std::shared_ptr<const Channel> mail_channel(OutboundMail server);

// For tests of the texts.
std::string slack_text(const Bulletin& bulletin);
std::string mail_text(const Bulletin& bulletin);

}  // namespace maand
