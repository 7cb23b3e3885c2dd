#include "reconciler/cli/commands/serve.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <optional>
#include <string>

#include "reconciler/cli/bucket_details.h"
#include "reconciler/cli/secret_place.h"
#include "reconciler/cli/serve_buckets.h"
#include "reconciler/cli/service_manager.h"
#include "reconciler/cli/services.h"
#include "reconciler/cli/serving_wishes.h"
#include "reconciler/cli/settings.h"
#include "reconciler/cli/signals.h"
#include "reconciler/http/api.h"
#include "reconciler/http/health.h"
#include "reconciler/http/socket_address.h"
#include "reconciler/http/tls.h"
#include "reconciler/http/webhook.h"

namespace maand {
namespace {

// What the API shows of itself; null: plain HTTP. Throws CommandError.
std::shared_ptr<const TlsContext> tls_of(const Bucket& bucket) {
  const Config::Http& http = bucket.config.http;
  if (http.tls_cert.empty() || http.tls_key.empty()) return nullptr;
  try {
    return std::make_shared<const TlsContext>(secret_place(bucket, http.tls_cert),
                                              secret_place(bucket, http.tls_key));
  } catch (const TlsError& error) {
    throw CommandError(kExitUsage, std::string("maand.conf: http.tls_cert: ") + error.what());
  }
}

// Connections that wait cost a descriptor each (reconciler/http), and systemd's
// soft limit of 1024 is meant for programs that use select(2).
void allow_many_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::max(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, 16384));
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

ApiOptions api_options(const Bucket& bucket, Services& services) {
  ApiOptions options;
  options.listen = bucket.config.http.listen;
  options.unix_path = bucket.socket().string();
  options.tokens_file = bucket.tokens().string();
  options.tls = tls_of(bucket);
  options.allow_plaintext = bucket.config.http.allow_plaintext;
  options.events = &services.events();
  options.say = [&services](const std::string& text) { services.observers().note(text); };
  return options;
}

WebhookOptions webhooks_of(const Bucket& bucket) {
  WebhookOptions options = webhook_options(bucket);
  options.tls = tls_of(bucket);
  return options;
}

// Serves until a signal asks for something else; what next() says then.
// Throws CommandError when these settings cannot be served. `news` is the first
// thing that is said.
std::optional<Bucket> serve(const Bucket& bucket, const Context& context,
                            const std::shared_ptr<BucketLock>& lock, ServingWishes& wishes,
                            const ServiceManager& manager, const std::string& news) {
  Services services(bucket, context, lock);
  if (const std::string& file = bucket.config.http.tls_cert; !file.empty())
    services.metrics().watch_certificate("http", secret_place(bucket, file));
  try {
    HealthServer health(bucket.config.http.health_listen, services.board());
    BucketDetails details(bucket, [&board = services.board()] { return board.planned_commit(); });
    ApiServer api(api_options(bucket, services), services.board(), details, services.desk());
    WebhookServer webhooks(webhooks_of(bucket), services.reconciler().announcements());
    if (!news.empty()) services.observers().note(news);
    services.observers().note("serving bucket " + bucket.config.name + " (" + bucket.config.bucket_id.str() +
                              "), " + bucket.config.git.url + " " + bucket.config.git.branch);
    for (const std::string& remark : webhooks.remarks()) services.observers().note(remark);
    manager.ready(services.inbox());
    {
      const ServingWishes::Met met(wishes, services);
      services.reconciler().run();
    }
    return wishes.next();
  } catch (const ListenError& error) {
    throw CommandError(kExitUsage, error.what());
  }
}

}  // namespace

int run_serve(const Context& context, const ServeOptions& options) {
  allow_many_descriptors();
  if (serves_several(context, options)) return serve_buckets(context, options);
  Context of_one = context;
  if (!options.buckets.empty()) of_one.bucket = options.buckets.front();
  const Bucket bucket = open_bucket(of_one);
  const ServiceManager manager;
  // Signals first: a thread that exists before would take them.
  // A renewal that went wrong must not end the daemon that serves the old certificate.
  ServingWishes wishes(of_one, [](const Bucket& fresh) { tls_of(fresh); });
  SignalWatch signals({SIGTERM, SIGINT, SIGHUP}, [&](int signal) {
    if (signal == SIGHUP) {
      wishes.reload();
    } else {
      manager.leaving();
      wishes.leave();
    }
  });
  const std::shared_ptr<BucketLock> lock = Services::take_lock(bucket);
  serve_with_reloads(bucket, [&](const Bucket& settings, const std::string& news) {
    return serve(settings, of_one, lock, wishes, manager, news);
  });
  return kExitDone;
}

}  // namespace maand
