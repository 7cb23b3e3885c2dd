// One order of an operator, carried out by itself between two passes, or by a command that holds
// the bucket. No commit is looked at: what was accepted last is what counts. Operations whose end is
// not known are left to a pass, which holds what failed; their allocations are left out.
//
// Reconcile thread; serves the inbox until it is over. An error of git or of the store ends the
// order, never the daemon.
#pragma once

#include "reconciler/app/job_orders.h"
#include "reconciler/app/order_hooks.h"
#include "reconciler/app/pass.h"

namespace maand {

class OrderRun {
 public:
  OrderRun(Pass::Deps deps, const PassSettings& settings, Memory& memory, JobOrders& orders)
      : deps_(deps),
        settings_(settings),
        memory_(memory),
        orders_(orders),
        hooks_(deps.store, deps.journal, orders, deps.hooks) {}

  // REQUIRES: orders.first(). Afterwards that one is over.
  void run();

 private:
  bool plan();
  void carry_out();

  Pass::Deps deps_;
  const PassSettings& settings_;
  Memory& memory_;
  JobOrders& orders_;
  OrderHooks hooks_;
  DesiredState desired_;
  std::int64_t update_seq_ = 1;
};

}  // namespace maand
