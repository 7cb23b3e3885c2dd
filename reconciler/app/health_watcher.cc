#include "reconciler/app/health_watcher.h"

#include <utility>

namespace maand {
namespace {

constexpr std::chrono::milliseconds kShowAfter{250};

}  // namespace

HealthWatcher::HealthWatcher(Deps deps, HealthWatcherOptions options, std::function<void()> changed)
    : deps_(deps), watch_(options.interval, options.parallel), changed_(std::move(changed)) {}

HealthWatcher::~HealthWatcher() = default;

void HealthWatcher::begin() {
  running_ = true;
  arm();
}

void HealthWatcher::stop() { running_ = false; }

void HealthWatcher::follow(const WatchList& list) {
  watch_.follow(list, deps_.clock.now());
  arm();
  // "No probe: unprobed, never healthy", also where there was one before.
  for (const AllocationKey& key : list.unprobed) deps_.journal.set_health(key, Health::kUnprobed);
}

void HealthWatcher::arm() {
  const std::optional<Instant> wake = watch_.wake_at();
  if (!running_ || !wake || (armed_ && *armed_ <= *wake)) return;
  armed_ = *wake;
  const std::weak_ptr<HealthWatcher*> self = self_;
  deps_.inbox.post_at(*wake, [this, self, when = *wake] {
    if (self.expired()) return;
    if (armed_ == when) armed_.reset();  // an older one may still be on its way
    tick();
  });
}

void HealthWatcher::tick() {
  if (!running_) return;
  const std::weak_ptr<HealthWatcher*> self = self_;
  for (const HealthWatch::Probe& probe : watch_.due(deps_.clock.now())) {
    used_ssh_ = used_ssh_ || needs_ssh(*probe.spec);
    deps_.runner.probe(probe.endpoint, *probe.spec,
                       [this, self, &inbox = deps_.inbox, probe](Health health, std::string detail) {
                         inbox.post([this, self, probe, health, detail = std::move(detail)] {
                           if (!self.expired()) answered(probe, health, detail);
                         });
                       });
  }
  arm();
}

void HealthWatcher::answered(const HealthWatch::Probe& probe, Health health, const std::string& detail) {
  const auto change = watch_.answered(probe.key, probe.ticket, running_ ? health : Health::kUnprobed, detail);
  if (change) record(*change);
  if (used_ssh_ && watch_.in_flight() == 0) {
    // Until the next round they would only cost the workers a process each. A
    // rollout that is under way closes its own when it is over.
    if (!listener_) deps_.runner.release_connections();
    used_ssh_ = false;
  }
  tick();  // there is room for one more
}

void HealthWatcher::record(const HealthWatch::Change& change) {
  try {
    deps_.journal.set_health(change.key, change.to);
  } catch (const StoreError&) {
    return;  // R7.4: the next answer proposes it again; the store's problem is told by the pass
  }
  watch_.settle(change.key, change.to);
  if (listener_) listener_(change.key, change.to, change.detail);
  // Found healthy for the first time is what was expected, and no news.
  if (change.to == Health::kUnhealthy || change.from == Health::kUnhealthy) {
    deps_.observer.on(Event{.kind = EventKind::kHealthChanged,
                            .job = change.key.job,
                            .worker = change.key.worker,
                            .outcome = to_string(change.to),
                            .text = change.to == Health::kHealthy ? "healthy again" : change.detail});
  }
  show();
}

// What is shown costs a look at every allocation, so not once for each of many changes.
void HealthWatcher::show() {
  if (showing_) return;
  showing_ = true;
  const std::weak_ptr<HealthWatcher*> self = self_;
  deps_.inbox.post_at(deps_.clock.now() + kShowAfter, [this, self] {
    if (self.expired()) return;
    showing_ = false;
    changed_();
  });
}

}  // namespace maand
