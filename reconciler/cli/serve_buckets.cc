#include "reconciler/cli/serve_buckets.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "reconciler/app/config.h"
#include "reconciler/app/metrics_of_buckets.h"
#include "reconciler/app/reporter.h"
#include "reconciler/cli/bucket_places.h"
#include "reconciler/cli/hosted_bucket.h"
#include "reconciler/cli/service_manager.h"
#include "reconciler/cli/signals.h"
#include "reconciler/http/bucket_doors.h"
#include "reconciler/http/shared_listeners.h"
#include "reconciler/http/socket_address.h"
#include "reconciler/http/tls.h"

namespace maand {
namespace {

std::vector<std::string> named_buckets(const Context& context, const ServeOptions& options) {
  std::vector<std::string> out = options.buckets;
  if (!context.bucket.empty()) out.insert(out.begin(), context.bucket);
  return out;
}

// What the environment and the defaults of maand.conf say; there is no file of the process. Throws
// CommandError.
Config process_settings() {
  LoadedConfig loaded = parse_config("", "environment", process_environment());
  std::string errors;
  for (const Diagnostic& diagnostic : loaded.diagnostics.all()) {
    if (diagnostic.severity == Severity::kError)
      errors += (errors.empty() ? "" : "\n") + to_string(diagnostic);
  }
  if (!errors.empty()) throw CommandError(kExitUsage, errors);
  return std::move(loaded.config);
}

// Null: plain HTTP. Throws CommandError.
std::shared_ptr<const TlsContext> tls_of(const ServeOptions& options) {
  if (options.tls_cert.empty()) return nullptr;
  try {
    return std::make_shared<const TlsContext>(options.tls_cert, options.tls_key);
  } catch (const TlsError& error) {
    throw CommandError(kExitUsage, std::string("--tls-cert: ") + error.what());
  }
}

SharedListenerOptions listener_options(const Config& settings, const ServeOptions& options) {
  SharedListenerOptions out;
  out.listen = options.listen.value_or(settings.http.listen);
  out.health_listen = options.health_listen.value_or(settings.http.health_listen);
  out.webhook_listen = options.webhook_listen.value_or(settings.http.webhook_listen);
  out.tls = tls_of(options);
  out.allow_plaintext = options.allow_plaintext || settings.http.allow_plaintext;
  out.max_webhook_bytes = settings.max_webhook_bytes;
  return out;
}

class Daemon {
 public:
  Daemon(const Context& context, const ServeOptions& options, const ServiceManager& manager)
      : options_(options),
        manager_(manager),
        named_(named_buckets(context, options)),
        settings_(process_settings()),
        log_options_{context.log_level, context.log_format.empty()
                                            ? settings_.log_format == Config::LogFormat::kJson
                                            : context.log_format == "json"},
        log_(log_options_),
        places_(bucket_places(named_, options.directory)),
        listeners_(with_answers(listener_options(settings_, options)), doors_),
        host_{context,
              log_options_,
              doors_,
              listeners_,
              options.tls_cert,
              options.webhook_listen.value_or(settings_.http.webhook_listen),
              [this] { poke(); }} {}

  // Any thread.
  void hear(int signal) {
    const std::lock_guard lock(mutex_);
    (signal == SIGHUP ? reload_ : leaving_) = true;
    news_ = true;
    changed_.notify_all();
  }

  void run() {
    begin();
    while (!leaving()) {
      if (take_reload()) reload();
      reap();
      if (!ready_ && all_tried()) {
        ready_ = true;
        manager_.ready();
      }
      // Who hangs is found out by systemd, which starts all of them anew: what runs on workers is settled
      // then.
      if (ready_ && all_alive()) manager_.beat();
      wait();
    }
    manager_.leaving();
    for (auto& [directory, bucket] : hosted_) bucket->leave();
    hosted_.clear();  // waits for each
    listeners_.stop();
  }

 private:
  SharedListenerOptions with_answers(SharedListenerOptions options) {
    options.metrics = [this] { return metrics(); };
    options.all_tried = [this] { return ready_.load(); };
    options.say = [this](const std::string& text) { log_.warn(text); };
    return options;
  }

  std::string metrics() const {
    std::vector<BucketMetrics> out;
    for (const BucketLine& line : doors_.lines())
      out.push_back({line.name, line.up, line.failed_starts, line.door ? line.door->metrics() : ""});
    return metrics_of_buckets(out);
  }

  void begin() {
    for (const std::string& remark : places_.remarks) log_.warn(remark);
    if (places_.directories.empty())
      log_.warn("there is no bucket in " + options_.directory + "; make one there, and send SIGHUP");
    for (const std::string& directory : places_.directories) {
      if (hosted_.count(directory) > 0) continue;
      doors_.add(directory);
      try {
        hosted_.emplace(directory, std::make_unique<HostedBucket>(host_, directory));
      } catch (const std::system_error& error) {  // no thread to be had
        const std::string why = std::string("it cannot be begun: ") + error.what();
        doors_.start_failed(directory, why);
        log_.warn(directory + " is not served: " + why + "; send SIGHUP to try again");
      }
    }
  }

  void reload() {
    try {
      places_ = bucket_places(named_, options_.directory);
      listeners_.use(tls_of(options_));
    } catch (const CommandError& error) {
      log_.warn(std::string("not taken over: ") + error.what());
    }
    for (auto& [directory, bucket] : hosted_) {
      const auto& wanted = places_.directories;
      if (std::find(wanted.begin(), wanted.end(), directory) == wanted.end()) {
        log_.warn(directory +
                  " is not there any more and is served no longer; its workers are left as they are");
        bucket->leave();
      } else {
        bucket->reload();
      }
    }
    begin();
  }

  // One that was taken away and put back meanwhile begins anew.
  void reap() {
    const std::size_t ended = std::erase_if(hosted_, [&](const auto& one) {
      if (!one.second->ended()) return false;
      doors_.remove(one.first);
      return true;
    });
    if (ended > 0) begin();
  }

  bool all_tried() const {
    return std::all_of(hosted_.begin(), hosted_.end(), [](const auto& one) { return one.second->tried(); });
  }
  bool all_alive() const {
    const std::vector<BucketLine> lines = doors_.lines();
    return std::all_of(lines.begin(), lines.end(),
                       [](const BucketLine& line) { return !line.up || line.health.alive; });
  }

  bool leaving() {
    const std::lock_guard lock(mutex_);
    return leaving_;
  }
  bool take_reload() {
    const std::lock_guard lock(mutex_);
    return std::exchange(reload_, false);
  }
  void poke() {
    const std::lock_guard lock(mutex_);
    news_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    const auto anything = [this] { return news_; };
    if (const auto beat = manager_.beat_interval(); beat.count() > 0) {
      changed_.wait_for(lock, beat, anything);
    } else {
      changed_.wait(lock, anything);
    }
    news_ = false;
  }

  const ServeOptions& options_;
  const ServiceManager& manager_;
  const std::vector<std::string> named_;
  const Config settings_;
  const LogOptions log_options_;
  Reporter log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool leaving_ = false;
  bool reload_ = false;
  bool news_ = false;
  std::atomic<bool> ready_{false};
  BucketDoors doors_;
  BucketPlaces places_;
  SharedListeners listeners_;
  const HostedBucket::Host host_;
  std::map<std::string, std::unique_ptr<HostedBucket>> hosted_;  // by directory
};

}  // namespace

bool serves_several(const Context& context, const ServeOptions& options) {
  const bool several = !options.directory.empty() || named_buckets(context, options).size() > 1;
  const bool listeners = options.listen || options.health_listen || options.webhook_listen ||
                         !options.tls_cert.empty() || !options.tls_key.empty() || options.allow_plaintext;
  if (listeners && !several)
    throw CommandError(
        kExitUsage,
        "the listeners of one bucket are set in [http] of its maand.conf; options for them belong "
        "to a daemon of several buckets (--buckets DIR, or --bucket more than once)");
  if (options.tls_cert.empty() != options.tls_key.empty())
    throw CommandError(kExitUsage, "--tls-cert and --tls-key belong together; give both");
  return several;
}

int serve_buckets(const Context& context, const ServeOptions& options) {
  const ServiceManager manager;
  // Signals first: a thread that exists before would take them.
  struct Heard {
    std::mutex mutex;
    Daemon* daemon = nullptr;
    std::vector<int> before;  // there was a daemon
  } heard;
  SignalWatch signals({SIGTERM, SIGINT, SIGHUP}, [&](int signal) {
    const std::lock_guard lock(heard.mutex);
    if (heard.daemon) {
      heard.daemon->hear(signal);
    } else {
      heard.before.push_back(signal);
    }
  });
  try {
    Daemon daemon(context, options, manager);
    {
      const std::lock_guard lock(heard.mutex);
      heard.daemon = &daemon;
      for (const int signal : heard.before) daemon.hear(signal);
    }
    daemon.run();
    const std::lock_guard lock(heard.mutex);
    heard.daemon = nullptr;
  } catch (const ListenError& error) {
    throw CommandError(kExitUsage, error.what());
  }
  return kExitDone;
}

}  // namespace maand
