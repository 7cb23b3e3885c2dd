#include "reconciler/http/shared_listeners.h"

#include <optional>
#include <utility>
#include <vector>

#include "reconciler/http/access.h"
#include "reconciler/http/bucket_list.h"
#include "reconciler/http/bucket_paths.h"
#include "reconciler/http/dashboard.h"
#include "reconciler/http/health.h"
#include "reconciler/http/server.h"
#include "reconciler/http/socket_address.h"
#include "reconciler/http/token_file.h"
#include "reconciler/http/webhook.h"

namespace maand {
namespace {

// Whatever is asked by somebody of whom no bucket can say whether he may know: there is no telling a name
// that is wrong from a bucket that is down.
HttpReply no_such_bucket() { return json_error(404, "no bucket of that name is served here now"); }

HttpRequest without_prefix(const HttpRequest& request, const BucketPath& path) {
  HttpRequest out = request;
  out.path = path.rest;
  return out;
}

HttpReply moved_to(const std::string& path) {
  HttpReply out = json_error(308, "it is at " + path);
  out.headers.emplace_back("Location", path);
  return out;
}

}  // namespace

class SharedListeners::Routes {
 public:
  Routes(const SharedListenerOptions& options, BucketDoors& doors, Access& access)
      : metrics_(options.metrics), all_tried_(options.all_tried), doors_(doors), access_(access) {}

  HttpReply api(const HttpRequest& request) {
    const std::optional<BucketPath> path = bucket_path(request.path);
    if (path && !path->name.empty()) return api_of(request, *path);
    if (!path) {
      if (const auto only = doors_.only())
        return only->door ? only->door->api(request)
                          : json_error(503, "the bucket is not served: " + only->health.why);
    }
    return of_all(request, path.has_value());
  }

  HttpReply health(const HttpRequest& request) {
    const std::optional<BucketPath> path = bucket_path(request.path);
    if (path && !path->name.empty()) {
      const auto line = doors_.find(path->name);
      if (!line) return no_such_bucket();
      if (!line->door) return {503, "not served: " + line->health.why + "\n", "text/plain; charset=utf-8"};
      return line->door->health(without_prefix(request, *path));
    }
    if (request.method != "GET") return json_error(405, "only GET is known here");
    if (request.path == "/healthz") return process_healthz(doors_.lines());
    if (request.path == "/readyz") return process_readyz(doors_.lines(), all_tried_());
    if (request.path == "/metrics") return {200, metrics_(), "text/plain; version=0.0.4; charset=utf-8"};
    return json_error(404, "known here: /healthz, /readyz, /metrics, and the same below /buckets/<name>");
  }

  std::optional<HttpReply> before_webhook(const HttpRequest& request) {
    const auto [door, inner] = webhook_of(request);
    return door ? door->before_webhook(inner) : std::optional(json_error(404, "there is nothing here"));
  }

  HttpReply webhook(const HttpRequest& request) {
    const auto [door, inner] = webhook_of(request);
    return door ? door->webhook(inner) : json_error(404, "there is nothing here");
  }

 private:
  HttpReply api_of(const HttpRequest& request, const BucketPath& path) {
    const std::optional<BucketLine> line = doors_.find(path.name);
    if (line && path.rest.empty()) return moved_to(path_of_bucket(path.name));
    if (line && line->door) return line->door->api(without_prefix(request, path));
    HttpRequest known = request;
    if (line && !request.headers.count("authorization") && !access_.refuse(known, now_of_both()))
      return json_error(503, "the bucket is not served now: " + line->health.why);
    return no_such_bucket();
  }

  // What belongs to no bucket: whoever may read one of them may see it, but only those he may read.
  HttpReply of_all(const HttpRequest& request, bool as_json) {
    std::vector<BucketLine> lines = doors_.lines();
    std::erase_if(lines, [&](const BucketLine& line) { return !line.door || !line.door->knows(request); });
    if (lines.empty()) {
      HttpRequest asked = request;
      if (std::optional<HttpReply> refused = access_.refuse(asked, now_of_both())) return *std::move(refused);
      lines = doors_.lines();
    }
    if (request.method == "GET") {
      if (as_json) return bucket_list_json(lines);
      if (request.path == "/") return bucket_list_page(lines);
      if (auto file = dashboard_page(request.path)) return *std::move(file);
    }
    return json_error(404,
                      "this daemon serves several buckets: each has its API below /buckets/<name>/, and "
                      "/buckets lists them");
  }

  std::pair<std::shared_ptr<BucketDoor>, HttpRequest> webhook_of(const HttpRequest& request) {
    const std::optional<BucketPath> path = bucket_path(request.path);
    const std::optional<BucketLine> line = path ? doors_.find(path->name) : doors_.only();
    if (!line) return {};
    return {line->door, path ? without_prefix(request, *path) : request};
  }

  const std::function<std::string()> metrics_;
  const std::function<bool()> all_tried_;
  BucketDoors& doors_;
  Access& access_;
};

SharedListeners::SharedListeners(const SharedListenerOptions& options, BucketDoors& doors)
    : no_tokens_(std::make_unique<TokenFile>("", options.say)) {
  std::optional<ListeningSocket> socket;
  if (!options.listen.empty()) socket.emplace(ListeningSocket::tcp(options.listen));
  const bool loopback = !socket || socket->is_loopback();
  if (!loopback && !options.tls && !options.allow_plaintext) {
    throw ListenError(
        "the API would be open to the network on " + options.listen +
        " without TLS; give --tls-cert and --tls-key, or --allow-plaintext when a proxy in front of "
        "it speaks TLS, or use a loopback address like 127.0.0.1:8484");
  }
  access_ = std::make_unique<Access>(AccessOptions{loopback}, *no_tokens_, options.say);
  routes_ = std::make_unique<Routes>(options, doors, *access_);
  if (!options.health_listen.empty()) {
    health_ = std::make_unique<HttpServer>(ListeningSocket::tcp(options.health_listen), health_limits(),
                                           [this](const HttpRequest& r) { return routes_->health(r); });
  }
  if (socket) {
    HttpLimits limits;
    limits.listener.deadline = kApiDeadline;
    api_ = std::make_unique<HttpServer>(
        *std::move(socket), limits, [this](const HttpRequest& r) { return routes_->api(r); }, options.tls);
  }
  if (!options.webhook_listen.empty()) {
    webhooks_ = listen_for_webhooks({options.webhook_listen, options.max_webhook_bytes, options.tls,
                                     [this](const HttpRequest& r) { return routes_->before_webhook(r); },
                                     [this](const HttpRequest& r) { return routes_->webhook(r); }});
  }
}

SharedListeners::~SharedListeners() { stop(); }

void SharedListeners::stop() {
  for (HttpServer* server : {api_.get(), webhooks_.get(), health_.get()}) {
    if (server) server->stop();
  }
}

void SharedListeners::wake_streams() {
  if (api_) api_->wake_streams();
}

void SharedListeners::use(const std::shared_ptr<const TlsContext>& tls) {
  if (api_) api_->use(tls);
  if (webhooks_) webhooks_->use(tls);
}

bool SharedListeners::loopback() const { return !api_ || api_->is_loopback(); }
int SharedListeners::port() const { return api_ ? api_->port() : 0; }
int SharedListeners::health_port() const { return health_ ? health_->port() : 0; }
int SharedListeners::webhook_port() const { return webhooks_ ? webhooks_->port() : 0; }

}  // namespace maand
