#include "reconciler/cli/commands/serve.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "reconciler/cli/bucket_details.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/leading.h"
#include "reconciler/cli/listeners.h"
#include "reconciler/cli/replica_view.h"
#include "reconciler/cli/secret_place.h"
#include "reconciler/cli/service_manager.h"
#include "reconciler/cli/services.h"
#include "reconciler/cli/signals.h"
#include "reconciler/cli/standby.h"
#include "reconciler/http/socket_address.h"
#include "reconciler/http/tls.h"

namespace maand {
namespace {

// Connections that wait cost a descriptor each (reconciler/http), and systemd's
// soft limit of 1024 is meant for programs that use select(2).
void allow_many_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::max(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, 16384));
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Whoever runs, leading or standing by, as signals steer it. Any thread.
struct Running {
  std::function<void()> stop;
  std::function<void()> finish;  // once what runs has ended
  std::function<void(const std::string&)> note;
};

Running running(Services& services) {
  return {
      [&services] {
        services.observers().note("leaving; what runs on workers goes on and is settled at the next start");
        services.reconciler().stop();
      },
      [&services] { services.reconciler().finish(); },
      [&services](const std::string& text) { services.observers().note(text); }};
}

Running running(Standby& standby) {
  return {[&standby] { standby.stop(); }, [&standby] { standby.stop(); },
          [&standby](const std::string& text) { standby.note(text); }};
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
      if (running_) running_->stop();
    }
  }

  // Between these two, signals meet what runs.
  void met_by(Running one) {
    const std::lock_guard lock(mutex_);
    running_ = std::move(one);
    // Signals that came before there was anything to stop.
    if (leaving_) running_->stop();
    if (next_) running_->finish();
  }
  void met_by_none() {
    const std::lock_guard lock(mutex_);
    running_.reset();
  }

  // Nothing is to run with these settings any more.
  bool over() {
    const std::lock_guard lock(mutex_);
    return leaving_ || next_;
  }
  // The settings to go on with; nullopt: leave.
  std::optional<Bucket> what_next() {
    const std::lock_guard lock(mutex_);
    return leaving_ ? std::nullopt : std::exchange(next_, std::nullopt);
  }

 private:
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
      running_->note("maand.conf was not reloaded, the old settings stay: " + problem);
    } else {
      running_->note("maand.conf is valid and is taken over once the running pass has ended");
      running_->finish();
    }
  }

  const Context& context_;
  const ServiceManager& manager_;
  std::mutex mutex_;
  std::optional<Running> running_;
  bool leaving_ = false;
  std::optional<Bucket> next_;
};

// While one lives, signals meet it.
class Met {
 public:
  Met(Wishes& wishes, Running one) : wishes_(wishes) { wishes_.met_by(std::move(one)); }
  ~Met() { wishes_.met_by_none(); }
  Met(const Met&) = delete;
  Met& operator=(const Met&) = delete;

 private:
  Wishes& wishes_;
};

// While one lives, a loss of the bucket is told to the loop.
class Told {
 public:
  Told(std::atomic<Reconciler*>& loop, Reconciler& reconciler) : loop_(loop) { loop_ = &reconciler; }
  ~Told() { loop_ = nullptr; }
  Told(const Told&) = delete;
  Told& operator=(const Told&) = delete;

 private:
  std::atomic<Reconciler*>& loop_;
};

// What every attempt to serve has in common.
struct Serving {
  const Context& context;
  const std::shared_ptr<BucketLock>& lock;
  Wishes& wishes;
  const ServiceManager& manager;
};

// Reconciles and serves until a signal asks for something else, or `leadership` (null: none is needed) is
// lost. Throws CommandError when these settings cannot be served. `news` is the first thing that is said.
void reconcile(const Bucket& bucket, const Serving& serving, const std::string& news,
               const std::shared_ptr<Leadership>& leadership,
               const std::shared_ptr<std::atomic<Reconciler*>>& loop) {
  Services services(bucket, serving.context, serving.lock, nullptr, leadership);
  if (const std::string& file = bucket.config.http.tls_cert; !file.empty())
    services.metrics().watch_certificate("http", secret_place(bucket, file));
  const auto say = [&services](const std::string& text) { services.observers().note(text); };
  std::optional<ReplicaView> replica;
  if (leadership) {
    services.lead();
    replica.emplace(services.board(), "leader",
                    [leadership] { return "this one, term " + std::to_string(leadership->term()); });
  }
  const StatusSource& board = replica ? static_cast<const StatusSource&>(*replica) : services.board();
  Announcements& announcements = services.reconciler().announcements();
  BucketDetails details(bucket, [&own = services.board()] { return own.planned_commit(); });
  const Listeners listeners(bucket, {board, details, services.desk(), announcements, services.events(), say});
  std::optional<Leading> leading;
  if (leadership) {
    leading.emplace(open_replica_link(postgres_of(bucket)), leadership,
                    Leading::Deps{services.desk(), announcements, services.board(), say});
  }
  if (!news.empty()) say(news);
  say("serving bucket " + bucket.config.name + " (" + bucket.config.bucket_id.str() + "), " +
      bucket.config.git.url + " " + bucket.config.git.branch);
  for (const std::string& remark : listeners.remarks()) say(remark);
  serving.manager.ready(services.inbox());
  const Met met(serving.wishes, running(services));
  const Told told(*loop, services.reconciler());
  if (leadership && leadership->lost()) services.reconciler().stop_at_once();
  services.reconciler().run();
}

// One of several: stands by until nobody leads, leads, and stands by again when it has lost the bucket.
void serve_replica(const Bucket& bucket, const Serving& serving, std::string news) {
  constexpr std::chrono::seconds kBeforeAnother{1};
  bool served = false;  // what cannot be served from the start is for whoever started it
  while (!serving.wishes.over()) {
    try {
      {
        Standby standby(bucket, serving.context);
        const Met met(serving.wishes, running(standby));
        if (!news.empty()) standby.note(std::exchange(news, ""));
        const bool free = standby.wait(
            [&](Inbox& inbox) {
              served = true;
              serving.manager.ready(inbox);
            },
            !served);
        if (!free) continue;
      }
      const auto loop = std::make_shared<std::atomic<Reconciler*>>(nullptr);
      const auto leadership = std::make_shared<Leadership>([loop] {
        if (Reconciler* reconciler = *loop) reconciler->stop_at_once();
      });
      reconcile(bucket, serving, "", leadership, loop);
      served = true;
      if (leadership->lost())
        news = "another replica leads the bucket now; what runs on workers is settled by it";
    } catch (const CommandError& error) {
      if (error.status() != kExitNoDaemon) throw;
      news = error.what();  // another one was faster
    } catch (const StoreError& error) {
      if (!served) throw;
      news = error.what();
      std::this_thread::sleep_for(kBeforeAnother);
    }
  }
}

// Serves until a signal asks for something else; the settings to go on with, nullopt: leave.
std::optional<Bucket> serve(const Bucket& bucket, const Serving& serving, const std::string& news) {
  try {
    if (in_postgres(bucket)) {
      serve_replica(bucket, serving, news);
    } else {
      reconcile(bucket, serving, news, nullptr, std::make_shared<std::atomic<Reconciler*>>(nullptr));
    }
    return serving.wishes.what_next();
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
      std::optional<Bucket> next = serve(*bucket, {context, lock, wishes, manager}, std::exchange(news, ""));
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
