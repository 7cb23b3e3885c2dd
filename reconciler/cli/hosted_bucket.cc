#include "reconciler/cli/hosted_bucket.h"

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "reconciler/cli/bucket_details.h"
#include "reconciler/cli/bucket_places.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/leading.h"
#include "reconciler/cli/settings.h"
#include "reconciler/core/text.h"
#include "reconciler/http/api.h"
#include "reconciler/http/bucket_paths.h"
#include "reconciler/http/health.h"
#include "reconciler/http/webhook_deliveries.h"

namespace maand {
namespace {

Context of_bucket(Context context, const std::string& directory) {
  context.bucket = directory;
  return context;
}

ApiOptions api_options(const Bucket& bucket, Services& services, SharedListeners& listeners) {
  ApiOptions options;
  options.unix_path = bucket.socket().string();
  options.tokens_file = bucket.tokens().string();
  options.shared_loopback = listeners.loopback();
  options.wake_shared = [&listeners] { listeners.wake_streams(); };
  options.events = &services.events();
  options.say = [&services](const std::string& text) { services.observers().note(text); };
  return options;
}

// The listeners of a daemon of several are the process's own.
bool has_listeners_of_its_own(const Config::Http& http) {
  const Config::Http usual;
  return http.listen != usual.listen || http.health_listen != usual.health_listen ||
         !http.webhook_listen.empty() || !http.tls_cert.empty();
}

BucketRooms rooms(Services& services, ApiServer& api, WebhookDeliveries& webhooks) {
  BucketRooms out;
  out.api = [&api](const HttpRequest& request) { return api.shared(request); };
  out.health = [&board = services.board()](const HttpRequest& request) {
    return health_answer(board, request);
  };
  out.before_webhook = [&webhooks](const HttpRequest& request) { return webhooks.before_body(request); };
  out.webhook = [&webhooks](const HttpRequest& request) { return webhooks.answer(request); };
  out.knows = [&api](const HttpRequest& request) { return api.knows(request); };
  out.state = [&board = services.board()] { return board.health(); };
  out.metrics = [&board = services.board()] { return board.metrics_text(); };
  return out;
}

std::string last_word(const std::string& directory) { return directory.substr(directory.rfind('/') + 1); }

}  // namespace

HostedBucket::HostedBucket(const Host& host, std::string directory)
    : host_(host),
      directory_(std::move(directory)),
      context_(of_bucket(host.context, directory_)),
      log_(host.log),
      wishes_(context_, [this](const Bucket& fresh) { claim(fresh); }) {
  log_.name(last_word(directory_));
  // Here and not on the thread, so that of two with one name it is always the first that has it.
  try {
    Bucket bucket = open_bucket(context_);
    claim(bucket);
    first_ = std::move(bucket);
  } catch (const std::exception&) {  // start() meets it again, and tells
  }
  thread_ = std::thread([this] { run(); });
}

HostedBucket::~HostedBucket() {
  leave();
  thread_.join();
}

void HostedBucket::leave() {
  if (!wishes_.leaving()) wishes_.leave();
  const std::lock_guard lock(mutex_);
  poked_.notify_all();
}

void HostedBucket::reload() {
  wishes_.reload();
  const std::lock_guard lock(mutex_);
  poke_ = true;
  poked_.notify_all();
}

void HostedBucket::run() {
  unsigned failures = 0;
  while (!wishes_.leaving()) {
    const auto begun = std::chrono::steady_clock::now();
    std::string why = "its loop ended, and nobody had asked for that";
    try {
      start();
    } catch (const std::exception& error) {
      why = error.what();
    }
    if (wishes_.leaving()) break;
    if (std::chrono::steady_clock::now() - begun >= kServedWell) failures = 0;
    const std::chrono::seconds again = retry_after(++failures);
    failed(why, again);
    if (!wait(again)) break;
  }
  ended_ = true;
  host_.changed();
}

void HostedBucket::failed(const std::string& why, std::chrono::seconds again) {
  host_.doors.start_failed(directory_, why);
  log_.warn("this bucket is not served, the others are: " + why + "; it is tried again in " +
            std::to_string(again.count()) + " s, and at once on SIGHUP");
  tell();
}

// False: it leaves.
bool HostedBucket::wait(std::chrono::seconds span) {
  std::unique_lock lock(mutex_);
  poked_.wait_for(lock, span, [this] { return poke_ || wishes_.leaving(); });
  poke_ = false;
  return !wishes_.leaving();
}

void HostedBucket::tell() {
  tried_ = true;
  host_.changed();
}

void HostedBucket::claim(const Bucket& bucket) {
  const Config& config = bucket.config;
  if (const auto taken = host_.doors.claim(directory_, config.name, config.bucket_id.str()))
    throw CommandError(kExitUsage, "maand.conf: " + *taken);
}

void HostedBucket::start() {
  wishes_.next();  // what a reload left for a bucket that was down is read below
  Bucket bucket = first_ ? *std::exchange(first_, std::nullopt) : open_bucket(context_);
  claim(bucket);
  const std::shared_ptr<BucketLock> lock = Services::take_lock(bucket);
  serve_with_reloads(std::move(bucket), [&](const Bucket& settings, const std::string& news) {
    return serve(settings, lock, news);
  });
  if (std::exchange(lost_, false))
    throw CommandError(kExitNoDaemon,
                       "another maand leads the bucket now; what runs on workers is settled by it");
}

std::optional<Bucket> HostedBucket::serve(const Bucket& bucket, const std::shared_ptr<BucketLock>& lock,
                                          const std::string& news) {
  claim(bucket);
  const Config& config = bucket.config;
  Services services(bucket, context_, lock);
  services.name_in_log(config.name);
  if (!host_.tls_cert.empty()) services.metrics().watch_certificate("http", host_.tls_cert);
  BucketDetails details(bucket, [&board = services.board()] { return board.planned_commit(); });
  ApiServer api(api_options(bucket, services, host_.listeners), services.board(), details, services.desk());
  WebhookDeliveries webhooks(webhook_options(bucket), services.reconciler().announcements());

  const auto note = [&](const std::string& text) { services.observers().note(text); };
  if (!news.empty()) note(news);
  note("serving bucket " + config.name + " (" + config.bucket_id.str() + "), " + config.git.url + " " +
       config.git.branch);
  if (has_listeners_of_its_own(config.http))
    note(
        "the listeners are those of the daemon, which serves several buckets; [http] of maand.conf says "
        "nothing but tokens_file here");
  std::vector<std::string> remarks;
  const std::vector<std::string> hosts = webhooks.ready(remarks);
  for (const std::string& remark : remarks) note(remark);
  if (!hosts.empty()) {
    note(host_.webhook_listen.empty()
             ? "webhook secrets are set, and nothing listens; start the daemon with --webhook-listen"
             : "webhooks of " + join_words(hosts) + " are taken at " + path_of_bucket(config.name) +
                   "webhook/ of " + host_.webhook_listen);
  }

  // Shut before anything behind it ends.
  struct Door {
    HostedBucket& of;
    ~Door() {
      of.host_.doors.shut(of.directory_, "it is being started or stopped");
      of.host_.listeners.wake_streams();  // which are over now
    }
  } door{*this};
  std::optional<Leading> leading;  // there may be standbys elsewhere
  if (services.leadership()) {
    leading.emplace(
        open_replica_link(postgres_of(bucket)), services.leadership(),
        Leading::Deps{services.desk(), services.reconciler().announcements(), services.board(), note});
  }
  host_.doors.open(directory_, BucketDoor::open(rooms(services, api, webhooks)));
  tell();
  {
    const ServingWishes::Met met(wishes_, running(services));
    services.reconciler().run();
  }
  lost_ = services.leadership() && services.leadership()->lost();
  return lost_ ? std::nullopt : wishes_.next();
}

}  // namespace maand
