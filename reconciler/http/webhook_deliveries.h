// What a bucket makes of deliveries of git hosts (R6.3), whoever listens for them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/announcement.h"
#include "reconciler/core/webhook/rate_limit.h"
#include "reconciler/http/message.h"

namespace maand {

class TlsContext;

struct WebhookOptions {
  std::string listen;                     // "" = none. Any address: it is meant for the outside
  std::string ref;                        // ours, in full: refs/heads/main
  std::vector<std::string> preview_refs;  // patterns (core/preview); a word of one of these is passed on
  std::size_t max_body_bytes = 5 * 1024 * 1024;
  std::map<WebhookProvider, std::filesystem::path> secret_files;  // of those that are configured
  RateLimits rates;                                               // of each source
  // For an address beyond loopback; on loopback a proxy in front speaks it. Null: plain HTTP.
  std::shared_ptr<const TlsContext> tls;
};

// Thread-safe.
class WebhookDeliveries {
 public:
  // `announcements` outlives it.
  WebhookDeliveries(const WebhookOptions& options, Announcements& announcements);
  ~WebhookDeliveries();

  // The providers that have a secret now; what is wrong with the files goes into `remarks`.
  std::vector<std::string> ready(std::vector<std::string>& remarks);
  // Everything that can be said without the body; nullopt: read it. Waits for nothing.
  std::optional<HttpReply> before_body(const HttpRequest& request);
  HttpReply answer(const HttpRequest& request);

 private:
  class Judge;
  std::unique_ptr<Judge> judge_;
};

}  // namespace maand
