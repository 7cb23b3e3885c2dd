#include "reconciler/http/webhook.h"

#include <utility>

#include "reconciler/core/text.h"
#include "reconciler/http/server.h"

namespace maand {

std::unique_ptr<HttpServer> listen_for_webhooks(WebhookListener listener) {
  HttpLimits limits;
  limits.max_body_bytes = listener.max_body_bytes;
  limits.json_only = false;
  limits.before_body = std::move(listener.before_body);
  ListeningSocket socket = ListeningSocket::tcp(listener.listen);
  const bool outside = !socket.is_loopback();
  return std::make_unique<HttpServer>(std::move(socket), limits, std::move(listener.answer),
                                      outside ? std::move(listener.tls) : nullptr);
}

WebhookServer::WebhookServer(const WebhookOptions& options, Announcements& announcements)
    : deliveries_(std::make_unique<WebhookDeliveries>(options, announcements)) {
  const std::vector<std::string> names = deliveries_->ready(remarks_);
  if (options.listen.empty()) {
    if (!options.secret_files.empty())
      remarks_.emplace_back("webhook secrets are set, and nothing listens; set http.webhook_listen");
    return;
  }
  if (names.empty()) {
    remarks_.push_back("no webhook secret is there, so nothing listens at " + options.listen +
                       "; put one into a file under secrets/, name it in [webhook] and reload (SIGHUP)");
    return;
  }
  server_ =
      listen_for_webhooks({options.listen, options.max_body_bytes, options.tls,
                           [this](const HttpRequest& request) { return deliveries_->before_body(request); },
                           [this](const HttpRequest& request) { return deliveries_->answer(request); }});
  const std::string host = options.listen.substr(0, options.listen.rfind(':'));
  remarks_.push_back("webhooks are taken at " + host + ":" + std::to_string(server_->port()) + " of " +
                     join_words(names));
  if (!server_->is_loopback() && !options.tls) {
    remarks_.emplace_back(
        "webhooks come without TLS: everybody on the way can read them, and GitLab's secret in them; set "
        "http.tls_cert and http.tls_key, or let a proxy on this host speak TLS");
  }
}

WebhookServer::~WebhookServer() = default;

void WebhookServer::stop() {
  if (server_) server_->stop();
}

int WebhookServer::port() const { return server_ ? server_->port() : 0; }

}  // namespace maand
