// The seam between whoever takes webhooks and the loop: `reconciler/http` calls
// it, `reconciler/app` implements it. A webhook never reconciles by itself.
#pragma once

#include <array>
#include <string>

#include "reconciler/core/ids.h"
#include "reconciler/core/webhook/provider.h"

namespace maand {

// What became of a delivery: a label of /metrics, and what its sender is told.
enum class WebhookVerdict {
  kAccepted,     // a push to our branch, or of a preview: announced
  kRepeated,     // taken before
  kOtherRef,     // another branch, a tag, a deletion
  kPing,         // a connection test
  kOtherEvent,   // no push
  kUnverified,   // no signature, or one of no secret of ours
  kExpired,      // signed, but long ago
  kMalformed,    // signed, and no push of this provider
  kRateLimited,  // its source sent too much
};
inline constexpr std::array kWebhookVerdicts = {
    WebhookVerdict::kAccepted, WebhookVerdict::kRepeated,   WebhookVerdict::kOtherRef,
    WebhookVerdict::kPing,     WebhookVerdict::kOtherEvent, WebhookVerdict::kUnverified,
    WebhookVerdict::kExpired,  WebhookVerdict::kMalformed,  WebhookVerdict::kRateLimited};
const char* to_string(WebhookVerdict verdict);  // "accepted", …

// A verified push to our branch.
struct Announcement {
  WebhookProvider provider = WebhookProvider::kGeneric;
  CommitId commit;  // empty: the delivery did not name one
};

// Any thread. Never blocks for long.
class Announcements {
 public:
  virtual ~Announcements() = default;
  virtual void announced(const Announcement& announcement) = 0;
  // A verified word of a ref that is previewed, or of a request to merge one.
  virtual void preview_announced(WebhookProvider provider) = 0;
  // Of every delivery, also of one that was announced. `source`: its address, printable.
  virtual void judged(WebhookProvider provider, WebhookVerdict verdict, const std::string& source) = 0;
};

}  // namespace maand
