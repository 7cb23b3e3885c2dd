#include "reconciler/app/reconciler.h"

#include <algorithm>
#include <utility>

#include "reconciler/app/accepted.h"
#include "reconciler/app/standing.h"

namespace maand {
namespace {

constexpr std::size_t kPassesShown = 100;

// Milliseconds, so that no pass of an earlier process had so high a number.
std::uint64_t first_number(WallTime now) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
}

PassEnd end_of(const PassResult& result) {
  if (result.source_failed) return PassEnd::kSourceFailed;
  return result.converged ? PassEnd::kConverged : PassEnd::kUnfinished;
}

}  // namespace

Reconciler::Reconciler(Deps deps, PassSettings settings, ReconcilerOptions options)
    : deps_(deps),
      settings_(std::move(settings)),
      options_(std::move(options)),
      triggers_(options_.poll_interval, first_number(deps_.clock.wall())),
      health_({deps_.inbox, deps_.runner, deps_.journal, deps_.clock, deps_.observer}, options_.health,
              [this] {
                deps_.board.update(memory_, deps_.journal.state(), triggers_, true);
                tell_listeners();
              }),
      drift_(
          {deps_.inbox, deps_.runner, deps_.journal, deps_.clock, deps_.observer}, drift_options(),
          [this] {
            deps_.board.update(memory_, deps_.journal.state(), triggers_, true);
            tell_listeners();
          },
          [this] { triggers_.poke("heal"); }),
      orders_(deps_.observer),
      announced_({deps_.inbox, deps_.lane, deps_.source, deps_.journal, deps_.clock, deps_.observer,
                  memory_.source, triggers_, deps_.meter},
                 {options_.webhooks, options_.poll_interval}),
      jitter_(options_.jitter_seed) {
  if (deps_.meter) memory_.phase.report_to(*deps_.meter, deps_.clock);
  memory_.suspended = kept_suspensions(deps_.store);
  memory_.pinned = kept_pins(deps_.store);
  memory_.authority = kept_authority(deps_.store);
  memory_.drained = kept_drains(deps_.store);
  deps_.judge.pin(memory_.pinned);
  deps_.judge.drain(memory_.drained);
  deps_.lane.on_wait([this] { stop_requested(); });  // a remote that hangs must not outlast the grace
}

void Reconciler::run() {
  serving_ = true;
  triggers_.poke("commit");
  health_.begin();
  drift_.begin();
  while (!stop_requested() && !finishing_) {
    triggers_.tick(deps_.clock.now());
    if (values_changed()) triggers_.poke("value");
    expire_orders();
    watch_windows();
    watch_certificates();
    if (orders_.first() && passed_) run_orders();
    if (triggers_.pending()) {
      run_once(triggers_.take());
    } else {
      show_previews();
      deps_.inbox.serve(std::min(triggers_.next_due(), next_look()));
    }
  }
  orders_.leave();
  if (deps_.hooks) deps_.hooks->cancel_all();
  deps_.runner.stop();
}

DriftWatcherOptions Reconciler::drift_options() const {
  DriftWatcherOptions options = options_.drift;
  options.seed = options_.jitter_seed;
  return options;
}

PassResult Reconciler::run_once(const std::string& cause) {
  try {
    drift_.prepare();
  } catch (const StoreError&) {
    // The pass meets it as well, and tells of it; the next one tries again.
  }
  take_up_order();
  Pass pass({deps_.inbox, deps_.lane, deps_.source, deps_.notes, deps_.judge, deps_.runner, deps_.store,
             deps_.journal, deps_.clock, deps_.observer, *this, deps_.meter, deps_.hooks, deps_.certifier},
            settings_, memory_, cause);
  const Instant begun = deps_.clock.now();
  const PassResult result = pass.run();
  passed_ = true;
  if (result.values_written) values_ = deps_.judge.values_seen();  // what it wrote it has planned with
  if (deps_.meter) deps_.meter->pass_ended(end_of(result), result.acted, deps_.clock.now() - begun);
  const double jitter = std::uniform_real_distribution<double>(0.0, 1.0)(jitter_);
  triggers_.pass_ended(deps_.clock.now(), result.converged, jitter, follow_up_ || result.again);
  if (const auto order = std::exchange(follow_up_, std::nullopt)) triggers_.poke(*order);
  if (result.again) triggers_.poke("commit");
  if (!memory_.store_problem.empty()) {
    // Memory must not run ahead of what is durable.
    try {
      deps_.journal.reload();
    } catch (const StoreError&) {
      // Told by the pass already; the next one tries again.
    }
  }
  announced_.look();
  deps_.board.update(memory_, deps_.journal.state(), triggers_, true);
  if (deps_.previews && memory_.store_problem.empty()) {
    deps_.previews->passed(memory_, deps_.journal.state(), deps_.judge.values_seen());
    show_previews();
  }
  try {
    deps_.board.set_passes(deps_.store.passes(kPassesShown));
  } catch (const StoreError&) {
    // The board keeps what it had; the store's problem is told already.
  }
  for (PassListener* listener : deps_.listeners)
    listener->pass_ended(memory_, deps_.journal.state(), result, stopping_);
  if (orders_.first() && orders_.first_taken_up()) run_orders();
  return result;
}

void Reconciler::poke(const std::string& cause) {
  deps_.inbox.post([this, cause] { triggers_.poke(cause); });
}

void Reconciler::stop() {
  deps_.inbox.post([this] { begin_to_stop(options_.shutdown_grace); });
}

void Reconciler::stop_at_once() {
  deps_.inbox.post([this] { begin_to_stop({}); });
}

void Reconciler::begin_to_stop(std::chrono::milliseconds grace) {
  if (stopping_ && !let_go_at_) return;  // nothing is waited for any more
  const Instant end = deps_.clock.now() + grace;
  let_go_at_ = std::min(let_go_at_.value_or(end), end);
  if (std::exchange(stopping_, true)) return;
  health_.stop();
  drift_.stop();
}

void Reconciler::finish() {
  deps_.inbox.post([this] { finishing_ = true; });
}

// R1.1. True once for each change, also when another process made it, and whatever
// becomes of the pass: one that ends before it plans must not follow itself for ever.
bool Reconciler::values_changed() {
  try {
    const ValueSnapshotPtr now = deps_.judge.values_now();
    const ValueSnapshotPtr before = std::exchange(values_, now);
    return before && before != now;
  } catch (const StoreError&) {
    return false;  // the next pass meets the same error and tells of it
  }
}

bool Reconciler::stop_requested() const {
  if (let_go_at_ && deps_.clock.now() >= *let_go_at_) {
    let_go_at_.reset();
    deps_.runner.stop();
    if (options_.let_go) options_.let_go();
  }
  return stopping_;
}

bool Reconciler::take_pending() {
  triggers_.tick(deps_.clock.now());
  if (!triggers_.pending()) return false;
  // A look at the remote is all that a commit needs of the pass that runs; an order
  // or a value needs a pass of its own (R1.1).
  const std::string cause = triggers_.take_into_pass();
  if (cause != "commit" && !follow_up_) follow_up_ = cause;
  return true;
}

const Suspensions& Reconciler::suspensions() {
  expire_orders();
  return memory_.suspended;
}

// What has ended pokes; what the store does not take stays until the next look.
void Reconciler::expire_orders() {
  const WallTime now = deps_.clock.wall();
  Suspensions suspended = memory_.suspended;
  Pins pinned = memory_.pinned;
  try {
    const bool resumed = suspended.expire(now);
    if (resumed) keep(std::move(suspended));
    const bool unpinned = pinned.expire(now);
    if (unpinned) keep(std::move(pinned));
    const bool started = expire_stops(now);
    Drains drained = memory_.drained;
    const bool filled = expire(drained, now);
    if (filled) keep(std::move(drained));
    if (resumed || unpinned || started || filled) triggers_.poke("operator");
  } catch (const StoreError&) {
    // Told by the pass that meets it.
  }
}

// R5.7. Costs a look at every allocation, so not with every answer of a rollout.
bool Reconciler::expire_stops(WallTime now) {
  constexpr std::chrono::seconds kBetween{1};
  if (deps_.clock.now() - stops_looked_at_ < kBetween) return false;
  stops_looked_at_ = deps_.clock.now();
  return deps_.journal.expire_stops(now) > 0;
}

// R5.6: what waited for its window goes on.
void Reconciler::watch_windows() {
  if (!memory_.window_opens || deps_.clock.wall() < *memory_.window_opens) return;
  memory_.window_opens.reset();
  triggers_.poke("commit");
}

// Once for each time that is told; the next pass tells another one.
void Reconciler::watch_certificates() {
  std::optional<WallTime>& due = memory_.certificates.next_due;
  if (!due || deps_.clock.wall() < *due) return;
  due.reset();
  triggers_.poke("certificate");
}

// Orders end, windows open and certificates fall due by the wall clock, which may be set: it is looked at now
// and then.
Instant Reconciler::next_look() const {
  constexpr std::chrono::milliseconds kUsual{10'000};
  std::chrono::milliseconds wait = kUsual;
  for (const std::optional<WallTime>& at : {memory_.window_opens, memory_.certificates.next_due}) {
    if (!at) continue;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*at - deps_.clock.wall());
    wait = std::clamp(left, std::chrono::milliseconds(0), wait);
  }
  return deps_.clock.now() + wait;
}

void Reconciler::keep(Suspensions suspensions) {
  keep_suspensions(deps_.store, suspensions);
  memory_.suspended = std::move(suspensions);
  deps_.board.update(memory_, deps_.journal.state(), triggers_, true);
}

void Reconciler::keep(Pins pins) {
  keep_pins(deps_.store, pins);
  for (const Pin& gone : memory_.pinned.all()) {
    if (!pins.own(gone.job)) keep_commit(gone.job, {});
  }
  for (const Pin& pin : pins.all()) {
    const Pin* before = memory_.pinned.own(pin.job);
    if (!before || before->commit != pin.commit) keep_commit(pin.job, pin.commit);
  }
  memory_.pinned = std::move(pins);
  deps_.judge.pin(memory_.pinned);
  deps_.board.update(memory_, deps_.journal.state(), triggers_, true);
}

void Reconciler::keep(Drains drained) {
  keep_drains(deps_.store, drained);
  memory_.drained = std::move(drained);
  deps_.judge.drain(memory_.drained);
  deps_.board.update(memory_, deps_.journal.state(), triggers_, true);
}

void Reconciler::drain(const WorkerHost& worker, Drain drain) {
  Drains more = memory_.drained;
  more[worker] = std::move(drain);
  keep(std::move(more));
  triggers_.poke("operator");
}

bool Reconciler::undrain(const WorkerHost& worker) {
  Drains fewer = memory_.drained;
  if (fewer.erase(worker) == 0) return false;
  keep(std::move(fewer));
  triggers_.poke("operator");
  return true;
}

bool Reconciler::read_accepted() {
  if (!memory_.accepted) {
    memory_.accepted = accepted_before({deps_.inbox, deps_.judge, deps_.store, deps_.journal, deps_.clock,
                                        deps_.observer, [this] { stop_requested(); }});
  }
  return memory_.accepted != nullptr;
}

// In the mirror, whatever becomes of the branch (R1.7). `+` is in no job name.
void Reconciler::keep_commit(const JobName& pinned, const CommitId& commit) {
  const std::string name = pinned.str() + "+pin";
  deps_.lane.start([&source = deps_.source, name, commit] { source.keep(name, commit); },
                   [&observer = deps_.observer, name](std::exception_ptr error) {
                     if (!error) return;
                     observer.on(Event{.kind = EventKind::kNotice,
                                       .text = "the mirror could not keep the content of " + name});
                   });
}

void Reconciler::suspend(Suspension suspension) {
  Suspensions more = memory_.suspended;
  more.put(std::move(suspension));
  keep(std::move(more));
}

void Reconciler::pin(Pin pin) {
  Pins more = memory_.pinned;
  more.put(std::move(pin));
  keep(std::move(more));
  triggers_.poke("operator");
}

bool Reconciler::resume(const JobName& job) {
  Suspensions suspended = memory_.suspended;
  Pins pinned = memory_.pinned;
  if (suspended.drop(job)) {
    keep(std::move(suspended));
  } else if (pinned.drop(job)) {
    keep(std::move(pinned));
  } else {
    return false;
  }
  triggers_.poke("operator");
  return true;
}

void Reconciler::show_previews() {
  if (!deps_.previews) return;
  if (previews_ != memory_.source.previews) {
    previews_ = memory_.source.previews;
    deps_.previews->listed(previews_);
  }
  if (auto json = deps_.previews->take_json()) deps_.board.set_previews(*std::move(json));
}

void Reconciler::changed() {
  announced_.look();
  show_previews();
  deps_.board.update(memory_, deps_.journal.state(), triggers_, memory_.phase.now() == Phase::kPublish);
  tell_listeners();
}

void Reconciler::tell_listeners() {
  for (PassListener* listener : deps_.listeners) listener->moved(memory_, deps_.journal.state());
}

}  // namespace maand
