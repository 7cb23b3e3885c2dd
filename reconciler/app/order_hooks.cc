#include "reconciler/app/order_hooks.h"

#include <utility>

#include "reconciler/app/begun_order.h"

namespace maand {

void refuse_without_hooks(OrderPlan& plan, const JobName& job, bool may_run) {
  if (may_run || !plan.refused.empty() || !plan.job.hooks.control) return;
  plan.refused =
      "`" + job.str() +
      "` is started and stopped by its job_control commands, and commands of jobs run on this host "
      "only where hooks.enabled = true in maand.conf; set it and reload the daemon";
}

void OrderHooks::heed_newer_word() {
  if (orders_.first_taken_up()) return;
  const auto begun = begun_order(store_);
  if (begun && begun->order.job == orders_.first()->job) forget_begun_order(store_);
}

OrderHooks::~OrderHooks() {
  if (running_) hooks_->cancel(*running_);
}

void OrderHooks::start(HookWorldPtr world, const HookRound& round, HookRuns::Done done) {
  const bool control = round.event == HookEvent::kJobControl;
  BegunOrder begun{*orders_.first(), false, orders_.plan().job.tree};
  begun.order.workers.clear();
  for (const AllocationKey& key : round.members) begun.order.workers.push_back(key.worker);
  try {
    if (control) {
      keep_begun_order(store_, begun);
      if (begun.order.verb == JobVerb::kStop) journal_.stop_for_operator(round.members, begun.order.word);
    }
  } catch (const StoreError& error) {
    hooks_->inbox().post([done = std::move(done), why = std::string("not begun: ") + error.what()] {
      done({HookRoundEnd::Kind::kFailed, why});
    });
    return;
  }
  running_ =
      hooks_->start({std::move(world), round, "", 0, nullptr},
                    [self = std::weak_ptr<OrderHooks*>(self_), this, control, begun = std::move(begun),
                     done = std::move(done)](HookRoundEnd end) mutable {
                      if (self.expired()) return done(end);
                      running_.reset();
                      begun.ran = end.kind == HookRoundEnd::Kind::kDone;
                      try {
                        if (control && begun.ran) keep_begun_order(store_, begun);
                      } catch (const StoreError& error) {
                        end = {HookRoundEnd::Kind::kFailed,
                               std::string("they ran, and the store cannot be written: ") + error.what()};
                      }
                      done(end);
                    });
}

void OrderHooks::heed_cut() {
  if (!running_ || orders_.first_cut().empty()) return;
  hooks_->cancel(*running_);
}

void OrderHooks::over(const JobReport* report, bool leaving) {
  const bool through =
      report && (report->state == JobReport::State::kDone || report->state == JobReport::State::kDegraded);
  if (leaving && !through) return;
  const JobName job = orders_.first()->job;
  try {
    const auto begun = begun_order(store_);
    if (begun && begun->order.job == job) forget_begun_order(store_);
  } catch (const StoreError&) {
    orders_.set_to_forget(job);
  }
}

}  // namespace maand
