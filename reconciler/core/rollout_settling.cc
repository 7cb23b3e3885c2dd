// What follows in a rollout from what has just happened: jobs that are over, waves that
// open, workers set aside, ports let go of, budgets that are used up.
#include <set>
#include <utility>

#include "reconciler/core/rollout_machine.h"
#include "reconciler/core/upstreams.h"

namespace maand {

// It is replaced or dropped. Its failures stay counted.
void Rollout::Machine::take_out(Number number) {
  budget_.add_allocations(-std::exchange(jobs_[number].weight, jobs_[number].failures));
  budget_.add_allocations(jobs_[number].weight);
  jobs_[number].run.reset();
  bakers_.erase(number);
}

void Rollout::Machine::tell(const std::vector<Number>& askers, Fleet::Lane lane, const Contact& contact) {
  for (const Number asker : askers) {
    if (!jobs_[asker].run) continue;
    jobs_[asker].run->on_contact(lane, contact, now_);
    touched(asker);
  }
}

// Something happened to a job: when it wants to be woken, and whether it is over.
void Rollout::Machine::touched(Number number) {
  Job& job = jobs_[number];
  const auto wake = job.run->wake_at();
  if (wake != job.timer) {
    if (job.timer) timers_.erase({*job.timer, number});
    if (wake) timers_.emplace(*wake, number);
    job.timer = wake;
  }
  if (job.run->hooks_wait()) hookers_.insert(number);
  if (job.run->waits_for_ports()) {
    port_sleepers_.insert(number);
  } else {
    port_sleepers_.erase(number);
  }
  if (const int failures = job.run->failures(); failures > job.failures) {
    budget_.add_failures(failures - std::exchange(job.failures, failures));
    if (budget_.too_many_failures() && !std::exchange(stopped_by_budget_, true)) stop_rest_ = true;
  }
  if (job.run->over() && !job.counted) {
    job.counted = true;
    over_.push_back(number);
    const JobPlan& plan = job.run->plan();
    const bool rolls_back = plan.policy.on_failure == RolloutPolicy::OnFailure::kRollback && !plan.rollback;
    if (rolls_back && job.run->failed()) failed_.push_back(number);
  }
}

// The failure budget is used up: whatever is under way ends at its next boundary. Going
// back goes on.
void Rollout::Machine::stop_rest() {
  const std::string why = budget_.failures_sentence();
  for (const auto& [name, number] : std::map<JobName, Number>(numbers_)) {
    JobRun& run = *jobs_[number].run;
    if (run.over() || run.pending() || run.plan().rollback) continue;
    run.stop(Reason::kFailureBudget, why, now_);
    touched(number);
  }
}

// Until nothing more follows: workers set aside, ports let go of, jobs that are
// over, waves that open.
void Rollout::Machine::settle() {
  while (true) {
    for (const Fleet::Lane lane : fleet_.take_newly_aside()) {
      budget_.add_aside();
      tell_all_on(lane);
    }
    if (std::exchange(stop_rest_, false)) stop_rest();
    for (const auto& [lane, holder] : fleet_.take_let_go()) tell_free(lane, holder);
    if (!over_.empty()) {
      const Number number = over_.back();
      over_.pop_back();
      count_over(number);
      stirred_ = true;
      continue;
    }
    if (std::exchange(stirred_, false)) {
      for (const Number number : std::set<Number>(port_sleepers_)) look_for_ports(number);
      continue;
    }
    if (waves_.empty() || waves_.begin()->second.pending.empty()) return;
    for (const Number number : std::exchange(waves_.begin()->second.pending, {})) try_begin(number);
  }
}

void Rollout::Machine::tell_free(Fleet::Lane lane, const AllocationKey& holder) {
  stirred_ = true;
  for (const auto& [number, allocation] : present_[lane]) {
    if (jobs_[number].run) jobs_[number].run->on_let_go(allocation, holder);
  }
}

void Rollout::Machine::look_for_ports(Number number) {
  JobRun* run = jobs_[number].run.get();
  port_sleepers_.erase(number);  // touched() puts it back
  if (!run || !run->waits_for_ports()) return;
  if (run->look_for_ports(now_)) stirred_ = true;
  touched(number);
}

void Rollout::Machine::tell_all_on(Fleet::Lane lane) {
  stirred_ = true;
  const Contact contact = *fleet_.aside(lane);
  for (const auto& [number, allocation] : present_[lane]) {
    if (jobs_[number].run) jobs_[number].run->on_set_aside(allocation, contact);
  }
}

void Rollout::Machine::count_over(Number number) {
  Job& job = jobs_[number];
  --unfinished_;
  const auto wave = waves_.find(job.place);
  if (--wave->second.unfinished == 0) waves_.erase(wave);
  for (const Number sleeper : std::exchange(job.sleepers, {})) {
    if (asleep_.erase(sleeper) > 0) try_begin(sleeper);
  }
}

void Rollout::Machine::try_begin(Number number) {
  JobRun* run = jobs_[number].run.get();
  if (!run || !run->pending()) return;
  if (!run->plan().rollback) {
    const bool failures = budget_.too_many_failures();
    if (failures || budget_.too_many_aside()) {
      run->block(failures ? budget_.failures_sentence() : budget_.aside_sentence(),
                 failures ? Reason::kFailureBudget : Reason::kWorkerBudget);
      return touched(number);
    }
  }
  const UpstreamVerdict verdict = judge_upstreams(run->plan(), [&](const JobName& name) {
    const auto it = numbers_.find(name);
    return it == numbers_.end() ? std::nullopt : std::optional(jobs_[it->second].run->as_upstream());
  });
  switch (verdict.kind) {
    case UpstreamVerdict::Kind::kGo:
      run->begin(now_);
      break;
    case UpstreamVerdict::Kind::kBlocked:
      run->block(verdict.detail);
      break;
    case UpstreamVerdict::Kind::kWait:
      jobs_[numbers_.at(verdict.upstream)].sleepers.push_back(number);
      asleep_.insert(number);
      return;
  }
  touched(number);
}

// Demands that go in a circle, or against the order of the waves, would sleep
// for ever; loading refuses circles, but a rollout always ends. So would ports that
// nobody lets go of before somebody else does.
bool Rollout::Machine::break_circle() {
  if (!fleet_.idle() || !timers_.empty() || !hookers_.empty() || hooks_in_flight_ > 0) return false;
  for (const bool trust : {true, false}) {
    for (const Number number : std::set<Number>(port_sleepers_)) {
      JobRun* run = jobs_[number].run.get();
      if (!run || !run->waits_for_ports() || (trust && !run->rely_on_promises(now_))) continue;
      if (!trust) run->give_up_ports(now_);
      stirred_ = true;
      touched(number);
      return true;
    }
  }
  if (asleep_.empty()) return false;
  const Number number = *asleep_.begin();
  asleep_.erase(asleep_.begin());
  JobRun* run = jobs_[number].run.get();
  if (run && run->pending()) {
    run->block("the jobs it demands wait for it");
    touched(number);
  }
  return true;
}
}  // namespace maand
