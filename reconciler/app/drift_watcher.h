// Drift in the loop (R5.9): the clock, the runner and the journal round core's DriftWatch.
//
// Reconcile thread only. Looks run on threads of the runner's that nothing else uses, over
// connections that no operation waits for; answers and wake-ups arrive through the inbox.
// So a look holds up neither a pass nor a probe. What is written is one transaction for each
// look that found something else than the one before.
//
// What a look finds is a state of the allocation: it is told once, and never in a note.
// With DriftMode::kHeal the record says that the next pass is to put it right.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "reconciler/app/inbox.h"
#include "reconciler/app/journal.h"
#include "reconciler/core/drift_watch.h"
#include "reconciler/core/ports.h"

namespace maand {

struct DriftWatcherOptions {
  DriftMode mode = DriftMode::kReport;
  std::chrono::milliseconds interval{3'600'000};
  int parallel = 8;        // workers that are looked at at once
  std::uint64_t seed = 0;  // of who is looked at when
};

class DriftWatcher {
 public:
  struct Deps {
    Inbox& inbox;
    Runner& runner;
    Journal& journal;
    Clock& clock;
    Observer& observer;
  };

  // `changed` is called soon after records changed, once for all of them; `heal` when
  // something is to be put right by a pass.
  DriftWatcher(Deps deps, DriftWatcherOptions options, std::function<void()> changed,
               std::function<void()> heal);
  DriftWatcher(const DriftWatcher&) = delete;
  DriftWatcher& operator=(const DriftWatcher&) = delete;

  // What another mode left on record that this one does not do. Throws StoreError.
  void prepare();
  // From here on looks are made. Without it (a command that does one pass) none is.
  void begin();
  // None is made any more, and no answer counts.
  void stop();

  // Who is to be looked at, after a plan was made and after it was rolled out. Ends every pause.
  void follow(DriftList list);
  // A rollout acts on the job, until the next follow().
  void pause(const JobName& job) { watch_.pause(job); }
  bool off() const { return options_.mode == DriftMode::kOff; }

  // Begins what is due. Called through the inbox; tests call it.
  void tick();

  // Any thread: counters of looks, as Prometheus text.
  std::string prometheus() const;

 private:
  enum Result { kInOrder, kDrifted, kNotAnswered };

  void arm();
  void answered(const DriftWatch::Look& look, const Seen& seen);
  void take(const DriftWatch::Look& look, const Seen& seen);
  void tell(const AllocationKey& key, const std::optional<Drift>& before, const std::optional<Drift>& after);
  void show();

  Deps deps_;
  const DriftWatcherOptions options_;
  DriftWatch watch_;
  const std::function<void()> changed_;
  const std::function<void()> heal_;
  std::optional<Instant> armed_;  // the earliest wake-up on its way
  bool running_ = false;
  bool showing_ = false;
  bool prepared_ = false;
  std::array<std::atomic<std::uint64_t>, 3> results_{};
  std::shared_ptr<DriftWatcher*> self_ = std::make_shared<DriftWatcher*>(this);  // gone when it is
};

}  // namespace maand
