// Webhooks of git hosts, on a listener of their own (R6.3): capped before it is
// read, verified before it is parsed, and then at most a word to the loop.
//
//   POST /webhook/github, /gitlab, /gitea (also /forgejo, /gogs), /bitbucket, /generic
//
// 202 for whatever is understood, also when there is nothing to do; 401 without a
// good signature, 404 for a provider without a secret, 413 above the cap, 429 with
// Retry-After for a source that sends too much, 400 for what is signed and no push.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/http/message.h"
#include "reconciler/http/webhook_deliveries.h"

namespace maand {

class HttpServer;
class TlsContext;

// What listens for webhooks, of one bucket or of several: bodies of any type up to the cap, and TLS
// (null: none) only for whoever comes from outside this host.
struct WebhookListener {
  std::string listen;  // address:port
  std::size_t max_body_bytes = 0;
  std::shared_ptr<const TlsContext> tls;
  std::function<std::optional<HttpReply>(const HttpRequest&)> before_body;  // as in HttpLimits
  std::function<HttpReply(const HttpRequest&)> answer;
};
// Serves from now on. Throws ListenError.
std::unique_ptr<HttpServer> listen_for_webhooks(WebhookListener listener);

class WebhookServer {
 public:
  // Serves at once, unless there is no address or no secret. `announcements` must
  // outlive this. Throws ListenError.
  WebhookServer(const WebhookOptions& options, Announcements& announcements);
  ~WebhookServer();

  // What an operator should know of the set-up: sentences, none of them with a secret in it.
  const std::vector<std::string>& remarks() const { return remarks_; }
  void stop();       // joins
  int port() const;  // 0: does not listen

 private:
  std::vector<std::string> remarks_;
  std::unique_ptr<WebhookDeliveries> deliveries_;
  std::unique_ptr<HttpServer> server_;  // last: its threads use the others
};

}  // namespace maand
