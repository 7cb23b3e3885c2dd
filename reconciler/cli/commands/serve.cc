#include "reconciler/cli/commands/serve.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "reconciler/cli/bucket_details.h"
#include "reconciler/cli/secret_place.h"
#include "reconciler/cli/service_manager.h"
#include "reconciler/cli/services.h"
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

// What signals ask of the daemon. They come on a thread of their own, at any time.
class Wishes {
 public:
  Wishes(const Context& context, const ServiceManager& manager) : context_(context), manager_(manager) {}

  void hear(int signal) {
    if (signal == SIGHUP) {
      reload();
    } else {
      manager_.leaving();
      const std::lock_guard lock(mutex_);
      leaving_ = true;
      if (running_) leave(*running_);
    }
  }

  // Between these two, signals meet `services`.
  void met_by(Services& services) {
    const std::lock_guard lock(mutex_);
    running_ = &services;
    // Signals that came before there was anything to stop.
    if (leaving_) leave(services);
    if (next_) services.reconciler().finish();
  }
  // The settings to go on with; nullopt: leave.
  std::optional<Bucket> met_by_none() {
    const std::lock_guard lock(mutex_);
    running_ = nullptr;
    return leaving_ ? std::nullopt : std::exchange(next_, std::nullopt);
  }

 private:
  static void leave(Services& services) {
    services.observers().note("leaving; what runs on workers goes on and is settled at the next start");
    services.reconciler().stop();
  }

  // A bad file keeps the old settings and says so (interface.md).
  void reload() {
    std::optional<Bucket> fresh;
    std::string problem;
    try {
      fresh = open_bucket(context_);
      tls_of(*fresh);  // a renewal that went wrong must not end the daemon that serves the old one
    } catch (const CommandError& error) {
      problem = error.what();
      fresh.reset();
    }
    const std::lock_guard lock(mutex_);
    if (fresh) next_ = std::move(fresh);
    if (!running_) return;
    if (!problem.empty()) {
      running_->observers().note("maand.conf was not reloaded, the old settings stay: " + problem);
    } else {
      running_->observers().note("maand.conf is valid and is taken over once the running pass has ended");
      running_->reconciler().finish();
    }
  }

  const Context& context_;
  const ServiceManager& manager_;
  std::mutex mutex_;
  Services* running_ = nullptr;
  bool leaving_ = false;
  std::optional<Bucket> next_;
};

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

// Serves until a signal asks for something else; what met_by_none() says then.
// Throws CommandError when these settings cannot be served. `news` is the first
// thing that is said.
std::optional<Bucket> serve(const Bucket& bucket, const Context& context,
                            const std::shared_ptr<BucketLock>& lock, Wishes& wishes,
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
    wishes.met_by(services);
    services.reconciler().run();
    return wishes.met_by_none();
  } catch (const ListenError& error) {
    throw CommandError(kExitUsage, error.what());
  }
}

}  // namespace

int run_serve(const Context& context, const ServeOptions&) {
  allow_many_descriptors();
  std::optional<Bucket> bucket = open_bucket(context);
  const ServiceManager manager;
  // Signals first: a thread that exists before would take them.
  Wishes wishes(context, manager);
  SignalWatch signals({SIGTERM, SIGINT, SIGHUP}, [&](int signal) { wishes.hear(signal); });
  const std::shared_ptr<BucketLock> lock = Services::take_lock(*bucket);

  // A reload is another start in the same process: whatever maand.conf may say is
  // taken over that way, and nobody can take the bucket in between.
  std::string news;
  std::optional<Bucket> good;  // settings that were served
  while (bucket) {
    try {
      std::optional<Bucket> next = serve(*bucket, context, lock, wishes, manager, std::exchange(news, ""));
      good = std::exchange(bucket, std::move(next));
    } catch (const std::runtime_error& error) {  // of the settings, or of the store they name
      if (!good) throw;
      news = std::string("maand.conf cannot be served, the old settings are back: ") + error.what();
      bucket = std::exchange(good, std::nullopt);
    }
  }
  return kExitDone;
}

}  // namespace maand
