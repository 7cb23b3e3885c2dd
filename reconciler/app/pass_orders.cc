// An operator's order on a job that comes while a pass rolls out: its job comes to rest at the next
// boundary, the order is carried out in its place, and the job is planned anew. The others go on. Where the
// job goes back, or its rollout has failed, the order comes after the pass.
// And a worker that is drained, or taken back, meanwhile.
#include <algorithm>
#include <set>
#include <utility>

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
    order_hooks_.heed_cut();
    if (!orders.first_cut().empty()) rollout_->stop_job(job, Reason::kSuspended, orders.first_cut());
    if (rollout_->quiet(job)) end_job_order();
    return;
  }
  if (!orders.first_cut().empty() && stopped_for_order_ != job) {
    order_hooks_.over(nullptr, false);
    orders.fail(1, job.str() + ": nothing was begun: " + orders.first_cut());
    return;
  }
  if (goes_back(job)) return;  // R5.5: that is finished first; the order comes after the pass
  if (!rollout_->quiet(job)) {
    if (superseded_.count(job) == 0) stopped_for_order_ = job;
    rollout_->stop_job(job, Reason::kSuperseded);
    superseded_.insert(job);
    if (!rollout_->quiet(job)) return;
  }
  const auto report = rollout_->report(job);
  const bool ours = superseded_.count(job) == 0 || stopped_for_order_ == job;
  if (ours && report && report->state == JobReport::State::kFailed) {
    // R2.6: what failed is held once the pass has ended. Planned anew before, it would be tried again.
    if (stopped_for_order_ == job) superseded_.erase(job);
    stopped_for_order_ = {};
    return;
  }
  // One that was taken up waits, too, for what an earlier daemon began there; it comes after the pass then.
  if (orders.first_taken_up() && !waits_for_order_ && running_.count(job) > 0) return;
  // What it has come to counts for the commit, whatever an operator does with it from now on. Where it has
  // waited for this order alone, it has come to nothing yet.
  const bool waited = orders.first_taken_up() && std::exchange(waits_for_order_, false);
  if (ours && report && !waited) remember_before_order(*report);
  stopped_for_order_ = {};
  superseded_.insert(job);  // whatever comes of the order
  if (!orders.first_cut().empty()) {
    order_hooks_.over(nullptr, false);
    orders.fail(1, job.str() + ": nothing was begun: " + orders.first_cut());
    return;
  }
  if (waited) {
    running_.erase(job);
    plan_settings_.unsettled.erase(job);
  }
  PlanSettings settings = plan_settings_;
  settings.suspended = deps_.control.suspensions();
  order_hooks_.heed_newer_word();
  OrderPlan planned = plan_order(*orders.first(), desired_, deps_.journal.state(), settings);
  refuse_without_hooks(planned, job, hooks_may_run());
  orders.begin(std::move(planned));
  const OrderPlan& plan = orders.plan();
  if (!plan.refused.empty() || !plan.begins()) order_hooks_.over(nullptr, false);
  if (!plan.refused.empty()) return orders.end(nullptr);
  deps_.journal.stop_for_operator(plan.idle, orders.first()->word);
  stops_ = deps_.journal.stops_revision();  // of this job alone, which is planned anew in any case
  if (!plan.begins()) return orders.end(nullptr);
  ordering_ = true;
  if (jobs_of_worker_.empty()) list_jobs_of_workers();
  hook_world_ = nullptr;  // with the versions that are confirmed by now
  put(plan.job);
}

void Pass::remember_before_order(const JobReport& report) {
  if (stopped_for_order_ != report.job) before_order_[report.job] = report;
  PassStatus part;
  fold(part, Plan{}, {report}, false);
  std::vector<AllocationStatus>& lines = told_before_order_[report.job];
  for (AllocationStatus& line : part.allocations) {
    if (line.outcome != "succeeded" && line.outcome != "failed") continue;
    const auto operation = driver_->operations().find(line.key);
    if (operation != driver_->operations().end()) line.operation = operation->second;
    std::erase_if(lines, [&](const AllocationStatus& known) { return known.key == line.key; });
    lines.push_back(std::move(line));
  }
}

// What was stopped since is not unchanged, so that it is not taken from those that are.
void Pass::tell_before_order(PassStatus& status) const {
  std::set<AllocationKey> waiting;
  for (const PlannedAction& action : memory_.plan.waiting) waiting.insert(action.key);
  for (const auto& [name, lines] : told_before_order_) {
    std::vector<AllocationStatus> there, stopped;
    for (const AllocationStatus& line : lines)
      (waiting.count(line.key) > 0 ? stopped : there).push_back(line);
    carry_over(status, there);
    const std::size_t unchanged = status.counts["unchanged"];
    carry_over(status, stopped);
    status.counts["unchanged"] = unchanged;
  }
}

void Pass::forget_before_order(const JobName& job) {
  before_order_.erase(job);
  told_before_order_.erase(job);
  if (stopped_for_order_ == job) stopped_for_order_ = {};
}

std::vector<JobReport> Pass::reports_of_commit() const {
  std::vector<JobReport> reports = rollout_->reports();
  std::erase_if(reports, [this](const JobReport& report) { return is_ordered(report.job); });
  for (const auto& [name, report] : before_order_) {
    const auto at = std::lower_bound(reports.begin(), reports.end(), name,
                                     [](const JobReport& one, const JobName& job) { return one.job < job; });
    if (at == reports.end() || at->job != name) reports.insert(at, report);
  }
  return reports;
}

void Pass::end_job_order() {
  const auto report = rollout_->report(deps_.control.orders().first()->job);
  ordering_ = false;
  order_hooks_.over(report ? &*report : nullptr, deps_.control.stop_requested());
  stops_ = deps_.journal.stops_revision();
  deps_.control.orders().end(report ? &*report : nullptr);
}

// The pass ends early, and with it whatever was being carried out.
void Pass::fail_job_order(const std::string& why) {
  if (!ordering_) return;
  JobOrders& orders = deps_.control.orders();
  ordering_ = false;
  order_hooks_.over(nullptr, false);
  orders.fail(1, orders.first()->job.str() + ": " + why);
}

// What is drained or taken back meanwhile: the jobs that it changes, by their place there or by what their
// templates say of others, come to rest and are planned anew. The others go on.
void Pass::heed_drains() {
  if (drained_ == memory_.drained) return;
  drained_ = memory_.drained;
  DesiredState newer = deps_.judge.desired_now(*memory_.accepted, deps_.journal.state(), update_seq_);
  const bool whole = newer.wants.empty();
  for (const auto& [name, job] : desired_.jobs) {
    if (job_unchanged(name, newer) || goes_back(name)) continue;
    if (!is_ordered(name)) rollout_->stop_job(name, Reason::kSuperseded);
    if (whole) superseded_.insert(name);
  }
  if (!whole) return;  // the next pass reads what is missing
  desired_ = std::move(newer);
  deps_.journal.put_ports(desired_.ports);
  list_jobs_of_workers();
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
