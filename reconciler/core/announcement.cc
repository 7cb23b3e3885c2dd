#include "reconciler/core/announcement.h"

namespace maand {

const char* to_string(WebhookVerdict verdict) {
  switch (verdict) {
    case WebhookVerdict::kAccepted:
      return "accepted";
    case WebhookVerdict::kRepeated:
      return "repeated";
    case WebhookVerdict::kOtherRef:
      return "other_ref";
    case WebhookVerdict::kPing:
      return "ping";
    case WebhookVerdict::kOtherEvent:
      return "other_event";
    case WebhookVerdict::kUnverified:
      return "unverified";
    case WebhookVerdict::kExpired:
      return "expired";
    case WebhookVerdict::kMalformed:
      return "malformed";
    case WebhookVerdict::kRateLimited:
      return "rate_limited";
  }
  return "malformed";
}

}  // namespace maand
