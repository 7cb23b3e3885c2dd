// The listeners of a daemon of several buckets: API and dashboard, health, webhooks.
//
//   /buckets/<name>/…   what a daemon of that bucket alone answers at /…
//   /, /buckets         which buckets there are, as a page and as JSON
//   /healthz, /readyz, /metrics   of the process, on the health listener
//
// While there is but one bucket, its plain paths answer as well. Each bucket has its own tokens: one that is
// good for a bucket says nothing to another.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "reconciler/http/bucket_doors.h"

namespace maand {

class Access;
class HttpServer;
class TlsContext;
class TokenFile;

struct SharedListenerOptions {
  std::string listen;                     // of API and dashboards; "" = none
  std::string health_listen;              // "" = none
  std::string webhook_listen;             // "" = none
  std::shared_ptr<const TlsContext> tls;  // as in ApiOptions and WebhookOptions
  bool allow_plaintext = false;
  std::size_t max_webhook_bytes = 5 * 1024 * 1024;
  std::function<std::string()> metrics;  // of the whole process
  std::function<bool()> all_tried;       // each bucket was started once, or could not be
  // Told sentences for the log. Any thread.
  std::function<void(const std::string&)> say = [](const std::string&) {};
};

class SharedListeners {
 public:
  // Serves at once. `doors` outlives it. Throws ListenError.
  SharedListeners(const SharedListenerOptions& options, BucketDoors& doors);
  ~SharedListeners();
  void stop();  // joins

  // Any thread.
  void wake_streams();
  void use(const std::shared_ptr<const TlsContext>& tls);  // a renewed certificate
  bool loopback() const;                                   // of `listen`
  int port() const;                                        // 0: none; of the others as well
  int health_port() const;
  int webhook_port() const;

 private:
  class Routes;
  std::unique_ptr<TokenFile> no_tokens_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<Routes> routes_;
  std::unique_ptr<HttpServer> api_;  // last: their threads use the others
  std::unique_ptr<HttpServer> health_;
  std::unique_ptr<HttpServer> webhooks_;
};

}  // namespace maand
