// An order of an operator on its way: watched at the daemon until it is over, or carried out by
// this process while none runs.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>

#include "reconciler/cli/bucket.h"
#include "reconciler/cli/daemon_link.h"
#include "reconciler/cli/output_tail.h"
#include "reconciler/cli/services.h"
#include "reconciler/cli/signals.h"

namespace maand {

// How often somebody wants to leave: first nothing more is to begin, then we do not wait for it.
// To be made before any thread.
class Patience {
 public:
  Patience();

  int lost() const { return lost_; }
  void on_loss(std::function<void(int)> hook);

 private:
  void asked();

  std::atomic<int> lost_ = 0;
  std::mutex mutex_;
  std::function<void(int)> hook_;
  SignalWatch watch_;
};

// REQUIRES: the daemon did not take the order. Throws CommandError.
[[noreturn]] void refuse_order(const DaemonAnswer& answer);

// Both print how the order `id` ended, and answer or throw what the command ends with.
int follow_order(const Context& context, const DaemonLink& daemon, const std::string& id, OutputTail& tail,
                 const Patience& patience);
// No daemon: this process holds the bucket until it is over. `give` makes the order, `run` serves it.
int carry_out_here(const Context& context, const Bucket& bucket, OutputTail& tail, Patience& patience,
                   const std::function<ControlReply(Services&)>& give,
                   const std::function<void(Services&)>& run);

}  // namespace maand
