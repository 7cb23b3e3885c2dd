// Errands over a Transport: each over a connection of its own, made for it and closed after it.
#pragma once

#include <atomic>

#include "executor/transport.h"
#include "reconciler/core/errand.h"

namespace maand {

// Thread-safe: several errands may be under way, one on a thread.
class RemoteErrands {
 public:
  explicit RemoteErrands(Transport& transport) : transport_(transport) {}  // which must outlive it

  // Blocks until the errand has ended, at most for connecting, its limit and half a minute.
  // `output` gets both its outputs in pieces as they come, on this thread.
  // REQUIRES: script_problem(errand.script) is empty.
  ErrandOutcome run(const Errand& errand, const OutputTaker& output);

  // The same over a connection that is open already.
  ErrandOutcome run_over(Connection& connection, const Errand& errand, const OutputTaker& output);

  // For good, from any thread: what is under way is given up, and so ended on its worker,
  // which notices within some seconds. Later ones do not begin.
  void stop();
  bool stopped() const { return stopping_; }

 private:
  Transport& transport_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace maand
