#include "reconciler/app/order_run.h"

#include <utility>

#include "reconciler/app/accepted.h"

namespace maand {
namespace {

// The others are refused what would change records under the order.
class InRollout {
 public:
  InRollout(PhaseWatch& phase, const std::string& subject) : phase_(phase) {
    phase_.enter(Phase::kRollOut, subject);
  }
  ~InRollout() { phase_.enter(Phase::kIdle); }
  InRollout(const InRollout&) = delete;
  InRollout& operator=(const InRollout&) = delete;

 private:
  PhaseWatch& phase_;
};

}  // namespace

void OrderRun::run() {
  const JobOrder order = *orders_.first();
  const std::string id = orders_.first_id();
  const InRollout phase(memory_.phase, order.job.str() + ", by " + order.word.actor);
  std::string failure;
  try {
    if (!orders_.first_cut().empty()) {
      hooks_.over(nullptr, false);
      orders_.fail(1, order.job.str() + ": nothing was begun: " + orders_.first_cut());
      return;
    }
    if (plan()) carry_out();
    return;
  } catch (const StoreError& error) {  // R7.4
    memory_.store_problem = error.what();
    failure = std::string("the store cannot be written: ") + error.what();
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (!orders_.first() || orders_.first_id() != id) return;
  hooks_.over(nullptr, false);
  orders_.fail(1, order.job.str() + ": " + failure);
}

bool OrderRun::plan() {
  if (!memory_.accepted) {
    memory_.accepted = accepted_before({deps_.inbox, deps_.judge, deps_.store, deps_.journal, deps_.clock,
                                        deps_.observer, [this] { deps_.control.stop_requested(); }});
  }
  if (!memory_.accepted) {
    hooks_.over(nullptr, false);
    orders_.fail(4, "no commit was applied yet, so there is nothing to work on; `maand status` tells why");
    return false;
  }
  const std::vector<PassRecord> last = deps_.store.passes(1);
  update_seq_ = last.empty() ? 1 : last[0].id;
  desired_ = deps_.judge.desired(*memory_.accepted, deps_.journal.state(), update_seq_);
  deps_.journal.put_ports(desired_.ports);
  PlanSettings settings = settings_.plan;
  settings.suspended = deps_.control.suspensions();
  const Authority& authority = memory_.authority;
  if (!authority.may_write()) settings.withheld = {authority.reason(), authority.detail};
  hooks_.heed_newer_word();
  OrderPlan plan = plan_order(*orders_.first(), desired_, deps_.journal.state(), settings);
  refuse_without_hooks(plan, orders_.first()->job,
                       deps_.hooks && deps_.judge.hooks_enabled() && authority.may_write());
  orders_.begin(std::move(plan));
  return true;
}

void OrderRun::carry_out() {
  const OrderPlan& plan = orders_.plan();
  const JobOrder& order = *orders_.first();
  if (!plan.refused.empty() || !plan.begins()) hooks_.over(nullptr, false);
  if (!plan.refused.empty()) return orders_.end(nullptr);
  deps_.journal.stop_for_operator(plan.idle, order.word);
  if (!plan.begins()) return orders_.end(nullptr);
  const JobName job = order.job;
  const JobsByWorker jobs = jobs_by_worker(desired_);
  RolloutLimits limits = settings_.rollout;
  limits.budget = {};  // of a commit, which this is none
  Rollout rollout(limits);
  deps_.control.drift().pause(job);
  rollout.put(plan.job, deps_.clock.now());
  HookWorldPtr world;
  if (plan.job.hooks.any())
    world = std::make_shared<HookWorld>(desired_, memory_.accepted, deps_.judge.sources(), settings_.plan.ssh,
                                        deps_.journal.state());
  RolloutDriver driver(
      {deps_.inbox, deps_.runner, deps_.journal, deps_.clock, deps_.observer, nullptr,
       [this](const WorkerHost& worker, const std::string& detail) {
         if (memory_.authority.may_write())
           fence_off(deps_.store, memory_.authority, worker, detail, deps_.clock.wall());
       },
       &deps_.control.health(), &memory_.met,
       [this](Step& step, Journal::Intent& intent) { orders_.amend(step, intent, deps_.journal); },
       [this, &world](const Step& step, RolloutDriver::HooksEnded done) {
         hooks_.start(world, step.hooks, std::move(done));
       }},
      [&](const WorkerHost& worker) {
        return worker_documents(deps_.judge.sources(), desired_, jobs, worker, update_seq_);
      },
      desired_.commit);
  bool stopped = false;
  Instant shown{};
  const auto between = [&] {
    const bool leaves = deps_.control.stop_requested();
    const Suspension* suspended = deps_.control.suspensions().of(job);
    if (!stopped && (leaves || !orders_.first_cut().empty() || !memory_.authority.may_write() ||
                     (suspended && orders_.first()->verb != JobVerb::kStop))) {
      stopped = true;
      if (orders_.first_cut().empty()) {
        orders_.cut(orders_.first_id(), leaves      ? "the daemon, which is leaving"
                                        : suspended ? "`maand suspend` by " + suspended->actor
                                                    : "another controller, which has the workers now");
      }
      rollout.stop_all(leaves ? Reason::kStopping : Reason::kSuspended);
    }
    hooks_.heed_cut();
    if (const Instant now = deps_.clock.now(); now - shown >= std::chrono::milliseconds(200)) {
      shown = now;
      if (const auto report = rollout.report(job)) orders_.fares(*report);
    }
  };
  driver.run(rollout, between);
  const auto report = rollout.report(job);
  deps_.runner.release_connections();
  hooks_.over(report ? &*report : nullptr, deps_.control.stop_requested());
  orders_.end(report ? &*report : nullptr);
}

}  // namespace maand
