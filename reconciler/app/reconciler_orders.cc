// What operators order done by hand, between two passes: on jobs, and commands of jobs.
#include <utility>

#include "reconciler/app/accepted.h"
#include "reconciler/app/begun_order.h"
#include "reconciler/app/order_run.h"
#include "reconciler/app/reconciler.h"
#include "reconciler/app/waiting_jobs.h"

namespace maand {

// R7.1: an order whose hooks an earlier daemon began, and did not live to see through. What an operator has
// said of the job since counts instead.
void Reconciler::take_up_order() {
  if (orders_.begun() || !memory_.authority.may_write()) return;
  try {
    const auto begun = begun_order(deps_.store);
    if (!begun) return;
    if (begun->order.job == orders_.to_forget()) {
      forget_begun_order(deps_.store);
      orders_.set_to_forget({});
      return;
    }
    if (!orders_.busy(begun->order.job).empty()) {
      if (!orders_.first_taken_up()) forget_begun_order(deps_.store);
      return;
    }
    orders_.take_up(begun->order, begun->ran ? begun->tree : TreeId());
  } catch (const StoreError&) {
    // The pass meets it as well, and tells of it; the next one tries again.
  }
}

void Reconciler::run_orders() {
  while (orders_.first() && !stop_requested()) {
    OrderRun({deps_.inbox, deps_.lane, deps_.source, deps_.notes, deps_.judge, deps_.runner, deps_.store,
              deps_.journal, deps_.clock, deps_.observer, *this, deps_.meter, deps_.hooks, deps_.certifier},
             settings_, memory_, orders_)
        .run();
    if (!memory_.store_problem.empty()) {
      try {
        deps_.journal.reload();  // memory must not run ahead of what is durable
      } catch (const StoreError&) {
        // Told by the order already; the pass that follows tries again.
      }
    }
    deps_.board.update(memory_, deps_.journal.state(), triggers_, true);
    tell_listeners();
    triggers_.poke("operator");  // whoever is watched has changed, and what was kept waiting goes on
  }
  if (stop_requested()) orders_.leave();
}

HookWorldPtr Reconciler::hook_world(bool waiting) {
  if (!memory_.accepted && memory_.phase.now() == Phase::kIdle) {
    memory_.accepted = accepted_before({deps_.inbox, deps_.judge, deps_.store, deps_.journal, deps_.clock,
                                        deps_.observer, [this] { stop_requested(); }});
  }
  if (!memory_.accepted) return nullptr;
  Judge::Look look = deps_.judge.look(*memory_.accepted, deps_.journal.state(), 1, false);
  if (waiting && anything_waits(look.desired))
    take_waiting(look.desired, deps_.judge.look(*memory_.accepted, deps_.journal.state(), 1).desired);
  return std::make_shared<HookWorld>(std::move(look.desired), memory_.accepted, std::move(look.sources),
                                     settings_.plan.ssh, deps_.journal.state());
}

void Reconciler::run_hook_orders() {
  bool cancelled = false;
  while (!hook_orders_.idle()) {
    if (stop_requested() && !std::exchange(cancelled, true)) deps_.hooks->cancel_all();
    deps_.inbox.serve(deps_.clock.now() + std::chrono::seconds(1));
  }
}

}  // namespace maand
