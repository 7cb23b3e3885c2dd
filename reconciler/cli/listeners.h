// What a daemon listens on, whether it leads or stands by: health and metrics, the API, webhooks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "reconciler/cli/bucket.h"
#include "reconciler/core/announcement.h"
#include "reconciler/core/control.h"
#include "reconciler/core/event_feed.h"
#include "reconciler/http/api.h"
#include "reconciler/http/health.h"
#include "reconciler/http/webhook.h"

namespace maand {

class TlsContext;

// What the API shows of itself; null: plain HTTP. Throws CommandError.
std::shared_ptr<const TlsContext> tls_of(const Bucket& bucket);

// What is asked; all of it outlives the listeners.
struct Answering {
  const StatusSource& status;
  Details& details;
  Controls& controls;
  Announcements& announcements;
  EventFeed& events;
  std::function<void(const std::string&)> say;  // sentences for the log; any thread
};

class Listeners {
 public:
  // Serves at once. Throws ListenError and CommandError.
  Listeners(const Bucket& bucket, const Answering& answering);

  // What an operator should know of the set-up.
  const std::vector<std::string>& remarks() const { return webhooks_.remarks(); }

 private:
  HealthServer health_;
  ApiServer api_;
  WebhookServer webhooks_;
};

}  // namespace maand
