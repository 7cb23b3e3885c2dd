#include "reconciler/http/health.h"

#include "reconciler/http/server.h"

namespace maand {
namespace {

HttpReply text(int status, const std::string& body) {
  return {status, body + "\n", "text/plain; charset=utf-8"};
}

}  // namespace

HttpReply health_answer(const StatusSource& source, const HttpRequest& request) {
  const bool live = request.path == "/healthz";
  if (request.method != "GET") return json_error(405, "only GET is known here");
  if (live || request.path == "/readyz") {
    const HealthState health = source.health();
    const bool good = live ? health.alive : health.alive && health.ready;
    return good ? text(200, "ok") : text(503, health.why.empty() ? "not yet" : health.why);
  }
  if (request.path == "/metrics") {
    return {200, source.metrics_text(), "text/plain; version=0.0.4; charset=utf-8"};
  }
  return json_error(404, "known here: /healthz, /readyz, /metrics");
}

HttpLimits health_limits() {
  HttpLimits out;
  out.listener.threads = 2;
  out.listener.connections = 128;
  out.listener.per_source = 64;
  out.listener.streams = 1;
  // A probe is one small packet; who needs longer is no probe.
  out.listener.deadline = std::chrono::milliseconds(2000);
  out.max_body_bytes = 1024;
  out.json_only = false;  // POST is refused in any case
  return out;
}

HealthServer::HealthServer(const std::string& listen, const StatusSource& source) {
  if (listen.empty()) return;
  server_ =
      std::make_unique<HttpServer>(ListeningSocket::tcp(listen), health_limits(),
                                   [&source](const HttpRequest& r) { return health_answer(source, r); });
}

HealthServer::~HealthServer() = default;

void HealthServer::stop() {
  if (server_) server_->stop();
}

int HealthServer::port() const { return server_ ? server_->port() : 0; }

}  // namespace maand
