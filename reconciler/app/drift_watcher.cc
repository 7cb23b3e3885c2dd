#include "reconciler/app/drift_watcher.h"

#include <algorithm>
#include <map>
#include <utility>

namespace maand {
namespace {

constexpr std::chrono::milliseconds kShowAfter{250};

// Nothing has happened to it since it was asked about.
bool is_still(const AppliedAllocation* known, const JobLook& asked) {
  return known && known->running && !known->open && !known->stopped_by && known->files &&
         known->last == LastResult::kConfirmed && known->last_operation == asked.operation &&
         known->files->list_id == asked.files->list_id;
}

// R3.5: it answers, and is not the machine that things were deployed to.
bool is_lost(WorkerCondition condition) {
  return condition == WorkerCondition::kWorkerStateMissing || condition == WorkerCondition::kIdentityMismatch;
}

DriftFinding lost_worker(const Seen& seen) {
  return {.kind = DriftKind::kOtherList,
          .detail =
              std::string(to_string(seen.condition)) + ": " + seen.detail.substr(0, seen.detail.find('\n'))};
}

}  // namespace

DriftWatcher::DriftWatcher(Deps deps, DriftWatcherOptions options, std::function<void()> changed,
                           std::function<void()> heal)
    : deps_(deps),
      options_(options),
      watch_(options.interval, options.parallel, options.seed),
      changed_(std::move(changed)),
      heal_(std::move(heal)) {}

void DriftWatcher::prepare() {
  if (prepared_) return;
  std::map<AllocationKey, std::optional<Drift>> other;
  for (const auto& [key, allocation] : deps_.journal.state().allocations) {
    if (!allocation.drift) continue;
    if (off()) {
      other[key] = std::nullopt;  // nobody would ever find that it is over
    } else if (allocation.drift->heal && options_.mode != DriftMode::kHeal) {
      std::optional<Drift> told = allocation.drift;
      forget_healing(told);
      other[key] = told;
    }
  }
  deps_.journal.set_drifts(other);
  prepared_ = true;
}

void DriftWatcher::begin() {
  running_ = !off();
  arm();
}

void DriftWatcher::stop() { running_ = false; }

void DriftWatcher::follow(DriftList list) {
  if (off()) return;
  watch_.follow(std::move(list), deps_.clock.now());
  arm();
}

void DriftWatcher::arm() {
  const std::optional<Instant> wake = watch_.wake_at();
  if (!running_ || !wake || (armed_ && *armed_ <= *wake)) return;
  armed_ = *wake;
  const std::weak_ptr<DriftWatcher*> self = self_;
  deps_.inbox.post_at(*wake, [this, self, when = *wake] {
    if (self.expired()) return;
    if (armed_ == when) armed_.reset();  // an older one may still be on its way
    tick();
  });
}

void DriftWatcher::tick() {
  if (!running_) return;
  const std::weak_ptr<DriftWatcher*> self = self_;
  const AppliedState& state = deps_.journal.state();
  for (const DriftWatch::Look& look : watch_.due(deps_.clock.now())) {
    LookCall call{look.worker.endpoint, "", {}, state.epoch, look.worker.jobs};
    const auto worker = state.workers.find(look.worker.endpoint.host);
    // Whatever marker lies there is taken with the next operation, so none is expected now.
    if (worker != state.workers.end() && !worker->second.adopt_marker)
      call.instance = worker->second.instance;
    if (worker != state.workers.end()) call.was = worker->second.was;
    deps_.runner.look(call, [this, self, &inbox = deps_.inbox, look](Seen seen) {
      inbox.post([this, self, look, seen = std::move(seen)] {
        if (!self.expired()) answered(look, seen);
      });
    });
  }
  arm();
}

void DriftWatcher::answered(const DriftWatch::Look& look, const Seen& seen) {
  try {
    take(look, seen);
  } catch (const StoreError&) {
    // R7.4: the next look finds it again; the store's problem is told by the pass.
  }
  tick();  // there is room for one more
}

void DriftWatcher::take(const DriftWatch::Look& look, const Seen& seen) {
  const std::vector<JobLook> counts = watch_.answered(look);
  if (!running_) return;
  const bool lost = is_lost(seen.condition);
  if (seen.condition != WorkerCondition::kNone && !lost) {
    ++results_[kNotAnswered];  // whether it can be reached is for passes and probes to tell
    return;
  }
  std::map<AllocationKey, std::optional<Drift>> records;
  bool drifted = false;
  for (const JobLook& asked : counts) {
    const AllocationKey key{asked.job, look.worker.endpoint.host};
    const AppliedAllocation* known = deps_.journal.state().find(key);
    const auto told = std::find_if(seen.jobs.begin(), seen.jobs.end(),
                                   [&](const JobSeen& one) { return one.job == asked.job; });
    if (!is_still(known, asked) || (told == seen.jobs.end() && !lost)) continue;
    const std::optional<DriftFinding> found = lost ? lost_worker(seen) : judge_look(asked, *told);
    if (!found) continue;
    drifted = drifted || found->kind != DriftKind::kNone;
    records[key] = after_look(known->drift, *found, options_.mode, deps_.clock.wall());
  }
  ++results_[drifted ? kDrifted : kInOrder];
  std::map<AllocationKey, std::optional<Drift>> before;
  for (const auto& [key, record] : records) before[key] = deps_.journal.state().find(key)->drift;
  deps_.journal.set_drifts(records);
  bool heals = false;
  for (const auto& [key, record] : records) {
    tell(key, before[key], record);
    heals = heals || (record && record->heal && !(before[key] && before[key]->heal));
    if (record != before[key]) show();
  }
  if (heals) heal_();
}

void DriftWatcher::tell(const AllocationKey& key, const std::optional<Drift>& before,
                        const std::optional<Drift>& after) {
  const DriftKind was = drift_kind(before);
  const DriftKind is = drift_kind(after);
  const bool other = is != DriftKind::kNone && before && after->detail != before->detail;
  if (was == is && !other) return;
  deps_.observer.on(Event{.kind = EventKind::kDriftChanged,
                          .job = key.job,
                          .worker = key.worker,
                          .reason = to_string(is),
                          .outcome = is == DriftKind::kNone ? "in order" : "drifted",
                          .text = is == DriftKind::kNone ? "in order again" : drift_words(*after)});
}

// What is shown costs a look at every allocation, so not once for each of many changes.
void DriftWatcher::show() {
  if (showing_) return;
  showing_ = true;
  const std::weak_ptr<DriftWatcher*> self = self_;
  deps_.inbox.post_at(deps_.clock.now() + kShowAfter, [this, self] {
    if (self.expired()) return;
    showing_ = false;
    changed_();
  });
}

std::string DriftWatcher::prometheus() const {
  std::string out =
      "# HELP maand_drift_looks_total Workers that were looked at for drift, by what came of it.\n"
      "# TYPE maand_drift_looks_total counter\n";
  constexpr const char* kWords[] = {"in_order", "drifted", "not_answered"};
  for (const Result result : {kInOrder, kDrifted, kNotAnswered}) {
    out += std::string("maand_drift_looks_total{result=\"") + kWords[result] + "\"} " +
           std::to_string(results_.at(result).load(std::memory_order_relaxed)) + "\n";
  }
  return out;
}

}  // namespace maand
