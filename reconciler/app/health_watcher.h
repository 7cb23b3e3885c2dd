// Health goes on after the rollout (R5.8): the clock, the runner and the journal
// round core's HealthWatch.
//
// Reconcile thread only. Probes run on the runner's threads, their answers and the
// watch's own wake-ups arrive through the inbox, so that neither a pass nor git
// holds them up, and they hold up nobody. Only a change of state is written: one
// store transaction each.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "reconciler/app/inbox.h"
#include "reconciler/app/journal.h"
#include "reconciler/core/health_watch.h"
#include "reconciler/core/ports.h"

namespace maand {

struct HealthWatcherOptions {
  std::chrono::milliseconds interval{60'000};
  int parallel = 16;  // rounds under way at once, and so at most that many new connections
};

class HealthWatcher {
 public:
  struct Deps {
    Inbox& inbox;
    Runner& runner;
    Journal& journal;
    Clock& clock;
    Observer& observer;
  };

  // `changed` is called soon after states were recorded, once for all of them.
  HealthWatcher(Deps deps, HealthWatcherOptions options, std::function<void()> changed);
  ~HealthWatcher();
  HealthWatcher(const HealthWatcher&) = delete;
  HealthWatcher& operator=(const HealthWatcher&) = delete;

  // From here on probes are made. Without it (a command that does one pass) the
  // watcher only keeps its list.
  void begin();
  // Nothing is asked any more and no answer counts: what workers say while the
  // daemon leaves is no news.
  void stop();

  // What is to be watched, after a plan was made and after it was rolled out. Ends
  // every pause. Throws StoreError.
  void follow(const WatchList& list);
  // A rollout acts on it, until the next follow().
  void pause(const AllocationKey& key) { watch_.pause(key); }
  // While a rollout runs: is told each change, which is news for its availability
  // (R2.5), of allocations that are not paused. Null: nobody.
  using Listener = std::function<void(const AllocationKey&, Health, const std::string& detail)>;
  void listen(Listener listener) { listener_ = std::move(listener); }

  // Begins what is due. Called through the inbox; tests call it.
  void tick();

 private:
  void arm();
  void answered(const HealthWatch::Probe& probe, Health health, const std::string& detail);
  void record(const HealthWatch::Change& change);
  void show();

  Deps deps_;
  HealthWatch watch_;
  const std::function<void()> changed_;
  Listener listener_;
  std::optional<Instant> armed_;  // the earliest wake-up on its way
  bool running_ = false;
  bool showing_ = false;
  bool used_ssh_ = false;  // since connections were released last
  std::shared_ptr<HealthWatcher*> self_ = std::make_shared<HealthWatcher*>(this);  // gone when it is
};

}  // namespace maand
