// The one queue into the reconcile thread.
//
// Everything that happens elsewhere (an operation ended, git answered, an
// operator spoke, a signal came) is posted as a closure and runs on the
// reconcile thread, so that nothing there needs a lock.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>

#include "reconciler/core/ports.h"

namespace maand {

// Virtual for a simulation, whose time passes only when nothing else can happen.
class Inbox {
 public:
  virtual ~Inbox() = default;

  // Any thread. Never blocks for long.
  virtual void post(std::function<void()> message);

  // As post(), not before `when`: for what has to happen whatever a pass waits for.
  virtual void post_at(Instant when, std::function<void()> message);

  // Reconcile thread only. Runs everything that waits; when nothing does, waits
  // for the first message or until `deadline`. Returns whether anything ran.
  virtual bool serve(Instant deadline);

  // The time that deadlines are told in.
  virtual Instant now() const;

  // Any thread: when serve() was last entered or left. What /healthz looks at (R6.1).
  Instant last_served() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> messages_;
  std::multimap<Instant, std::function<void()>> later_;
  Instant last_served_ = std::chrono::steady_clock::now();
};

}  // namespace maand
