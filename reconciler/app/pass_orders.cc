// An operator's order on a job that comes while a pass rolls out: its job comes to rest at the next
// boundary, the order is carried out in its place, and the job is planned anew. The others go on.
#include "reconciler/app/job_orders.h"
#include "reconciler/app/pass.h"

namespace maand {

bool Pass::is_ordered(const JobName& job) const {
  const JobOrders& orders = deps_.control.orders();
  return ordering_ && orders.first() && orders.first()->job == job;
}

void Pass::heed_job_orders() {
  JobOrders& orders = deps_.control.orders();
  if (!orders.first()) return;
  const JobName job = orders.first()->job;
  if (ordering_) {
    if (!orders.first_cut().empty()) rollout_->stop_job(job, Reason::kSuspended, orders.first_cut());
    if (rollout_->quiet(job)) end_job_order();
    return;
  }
  if (goes_back(job)) return;  // R5.5: that is finished first; the order comes after the pass
  // What it has come to counts for the commit, whatever an operator does with it from now on.
  if (auto report = rollout_->report(job); report && rollout_->quiet(job) && superseded_.count(job) == 0)
    before_order_[job] = *std::move(report);
  if (!rollout_->quiet(job)) {
    rollout_->stop_job(job, Reason::kSuperseded);
    superseded_.insert(job);
    if (!rollout_->quiet(job)) return;
  }
  superseded_.insert(job);  // whatever comes of the order
  if (!orders.first_cut().empty()) {
    orders.fail(1, job.str() + ": nothing was begun: " + orders.first_cut());
    return;
  }
  PlanSettings settings = plan_settings_;
  settings.suspended = deps_.control.suspensions();
  orders.begin(plan_order(*orders.first(), desired_, deps_.journal.state(), settings));
  const OrderPlan& plan = orders.plan();
  if (!plan.refused.empty()) return orders.end(nullptr);
  deps_.journal.stop_for_operator(plan.idle, orders.first()->word);
  stops_ = deps_.journal.stops_revision();  // of this job alone, which is planned anew in any case
  if (!plan.begins()) return orders.end(nullptr);
  ordering_ = true;
  if (jobs_of_worker_.empty()) list_jobs_of_workers();
  put(plan.job);
}

void Pass::end_job_order() {
  const auto report = rollout_->report(deps_.control.orders().first()->job);
  ordering_ = false;
  stops_ = deps_.journal.stops_revision();
  deps_.control.orders().end(report ? &*report : nullptr);
}

// The pass is over: what became of the order is no result of the commit.
void Pass::leave_job_order() {
  if (!ordering_) return;
  const JobName job = deps_.control.orders().first()->job;
  if (stopping_ || fenced_)
    deps_.control.orders().cut(deps_.control.orders().first_id(), "the daemon, which begins nothing more");
  end_job_order();
  rollout_->drop(job);
  result_.again = true;
}

}  // namespace maand
