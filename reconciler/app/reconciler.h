// The loop: wait for a trigger, run a pass, again.
//
// run() is the reconcile thread. It owns plan, rollout and applied state;
// whatever other threads want is posted to its inbox.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "reconciler/app/announced_commits.h"
#include "reconciler/app/drift_watcher.h"
#include "reconciler/app/health_watcher.h"
#include "reconciler/app/hook_orders.h"
#include "reconciler/app/job_orders.h"
#include "reconciler/app/pass.h"
#include "reconciler/app/pass_listener.h"
#include "reconciler/app/previews.h"
#include "reconciler/app/status_board.h"
#include "reconciler/app/triggers.h"

namespace maand {

struct ReconcilerOptions {
  std::chrono::milliseconds poll_interval{60'000};
  std::chrono::milliseconds shutdown_grace{10'000};    // R7.1: then targets are left to their workers
  HealthWatcherOptions health;                         // R5.8
  DriftWatcherOptions drift;                           // R5.9; its seed is that of the jitter
  std::uint32_t jitter_seed = std::random_device{}();  // of the poll interval and of retries
  std::vector<WebhookProvider> webhooks;               // R6.3: whose announcements are expected
  std::function<void()> let_go;  // called then, once: ends every wait for git and workers
};

class Reconciler : private PassControl {
 public:
  // Everything the loop needs of the world; all outlive it.
  struct Deps {
    Inbox& inbox;
    Lane& lane;
    Source& source;
    Notes& notes;
    Judge& judge;
    Runner& runner;
    Store& store;
    Journal& journal;
    Clock& clock;
    Observer& observer;
    StatusBoard& board;
    LoopMeter* meter = nullptr;
    std::vector<PassListener*> listeners = {};
    Previews* previews = nullptr;
    HookRuns* hooks = nullptr;  // null: none can run
    Certifier* certifier = nullptr;
  };

  Reconciler(Deps deps, PassSettings settings, ReconcilerOptions options);

  // Until stop() or finish(). The first pass runs at once.
  void run();
  // One pass of the head, for a command without a daemon.
  PassResult run_once(const std::string& cause);

  // Carries out the orders that wait. Reconcile thread, between passes.
  void run_orders();

  // Any thread.
  void poke(const std::string& cause);
  void stop();          // records and leaves within the grace (R7.1)
  void stop_at_once();  // likewise, without the grace: nothing that runs is waited for
  void finish();        // leaves once the pass that runs has ended, however long it takes

  // Any thread: counters of what it looked at. As long as this.
  const DriftWatcher& drift_looks() const { return drift_; }
  // Any thread: what webhooks say. As long as this.
  AnnouncedCommits& announcements() { return announced_; }

  // Reconcile thread (post to the inbox first).
  // R5.5, R5.4. Throw StoreError, and then nothing has changed.
  void suspend(Suspension suspension);
  void pin(Pin pin);
  void drain(const WorkerHost& worker, Drain drain);
  // False: it is not drained.
  bool undrain(const WorkerHost& worker);
  // Where no pass has read it yet, what was accepted last is (accepted.h). False: nothing was. Not while
  // a pass runs. Throws StoreError.
  bool read_accepted();
  // Ends the suspension of `job` (empty: of the bucket), or else its pin. False: there is neither.
  bool resume(const JobName& job);
  JobOrders& orders() override { return orders_; }
  // `maand job_command`. Reconcile thread but for what HookOrders says.
  HookOrders& hook_orders() { return hook_orders_; }
  const HookOrders& hook_orders() const { return hook_orders_; }
  // Null: none can run.
  HookRuns* hooks() { return deps_.hooks; }
  bool hooks_enabled() const { return deps_.judge.hooks_enabled(); }
  // Of what is converged to; null: nothing is. Between passes it may read git. `waiting`: a job that waits
  // for a value or a certificate is there as the head has it, since what is asked of it may bring that.
  HookWorldPtr hook_world(bool waiting);
  // Serves the inbox until every such order is over, or a stop is requested.
  void run_hook_orders();
  Journal& journal() { return deps_.journal; }
  const Memory& memory() const { return memory_; }
  Triggers& triggers() { return triggers_; }

 private:
  bool values_changed();
  bool stop_requested() const override;
  bool take_pending() override;
  bool serving() const override { return serving_; }
  void come_again() override { triggers_.poke("recovery"); }
  void changed() override;
  void tell_listeners();
  const Suspensions& suspensions() override;
  void expire_orders();
  bool expire_stops(WallTime now);
  void watch_windows();
  void watch_certificates();
  Instant next_look() const;
  void begin_to_stop(std::chrono::milliseconds grace);
  void keep(Suspensions suspensions);
  void keep(Pins pins);
  void keep(Drains drained);
  void keep_commit(const JobName& pinned, const CommitId& commit);
  void show_previews();
  HealthWatcher& health() override { return health_; }
  DriftWatcher& drift() override { return drift_; }
  DriftWatcherOptions drift_options() const;
  void take_up_order();

  Deps deps_;
  const PassSettings settings_;
  const ReconcilerOptions options_;
  Triggers triggers_;
  Memory memory_;
  ValueSnapshotPtr values_;                   // as of the last look
  std::map<std::string, CommitId> previews_;  // as they were handed on
  HealthWatcher health_;
  DriftWatcher drift_;
  JobOrders orders_;
  HookOrders hook_orders_;
  AnnouncedCommits announced_;
  std::mt19937 jitter_;
  std::optional<std::string> follow_up_;  // cause of the pass that an order during the last one asks for
  bool passed_ = false;                   // once: what was begun before is settled, and held where it failed
  bool serving_ = false;                  // run() was called
  bool stopping_ = false;
  bool finishing_ = false;
  Instant stops_looked_at_{};                 // whether one of them is over (R5.7)
  mutable std::optional<Instant> let_go_at_;  // when waits for running targets are given up
};

}  // namespace maand
