// The job_control hooks of an operator's order (workspace.md 11.1): they run in place of its target, once its
// files lie there and before anything of it counts.
//
// What outlives a daemon that dies: before they begin, that they do, and the word of a stop, so that nothing
// brings up what is half down; after them, that they ran. The next daemon takes the order up from there.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "reconciler/app/hook_runs.h"
#include "reconciler/app/job_orders.h"

namespace maand {

// What hooks of an order need and may not have here, if any of it is theirs: refuses the order.
void refuse_without_hooks(OrderPlan& plan, const JobName& job, bool may_run);

// Reconcile thread. All outlive it but for `hooks`, which may be null.
class OrderHooks {
 public:
  OrderHooks(Store& store, Journal& journal, JobOrders& orders, HookRuns* hooks)
      : store_(store), journal_(journal), orders_(orders), hooks_(hooks) {}
  ~OrderHooks();  // stops what runs; it ends later, and touches nothing here
  OrderHooks(const OrderHooks&) = delete;
  OrderHooks& operator=(const OrderHooks&) = delete;

  // The first order is about to begin: what an earlier one of its job began is not taken up any more.
  void heed_newer_word();
  // Of the first order. `done` is called later, exactly once. REQUIRES: the order has begun, and hooks may
  // run.
  void start(HookWorldPtr world, const HookRound& round, HookRuns::Done done);
  // Somebody cut it short: what runs is stopped, not waited for.
  void heed_cut();
  // The first order is about to end. One that a leaving daemon cut short is taken up by the next. Where that
  // cannot be put down, it is remembered.
  void over(const JobReport* report, bool leaving);

 private:
  Store& store_;
  Journal& journal_;
  JobOrders& orders_;
  HookRuns* hooks_;
  std::optional<HookRuns::Id> running_;
  std::shared_ptr<OrderHooks*> self_ = std::make_shared<OrderHooks*>(this);  // gone when this is
};

}  // namespace maand
