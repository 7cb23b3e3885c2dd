// The rollout machine from inside: all jobs of a rollout, and what of one is news to the
// others. rollout.cc has its public face and the drawing, rollout_settling.cc what follows
// from one another.
#pragma once

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include "reconciler/core/fleet.h"
#include "reconciler/core/job_run.h"
#include "reconciler/core/rollout.h"

namespace maand {

class Rollout::Machine : public PortHolders {
 public:
  explicit Machine(RolloutLimits limits) : fleet_(limits), budget_(limits.budget) {}

  void put(JobPlan plan, Instant now) {
    now_ = now;
    if (!quiet(plan.job)) {
      throw std::logic_error("Rollout::put: " + plan.job.str() + " is not quiet; stop_job() it and wait");
    }
    const auto number = static_cast<Number>(jobs_.size());
    if (const auto old = numbers_.find(plan.job); old != numbers_.end()) take_out(old->second);
    numbers_[plan.job] = number;
    Job& job = jobs_.emplace_back();
    job.place = place_of(plan);
    job.run = std::make_unique<JobRun>(std::move(plan), number, fleet_, *this);
    if (job.run->over()) {
      job.counted = true;
      return;
    }
    if (job.run->plan().policy.bake.count() > 0) bakers_.insert(number);
    if (!job.run->plan().rollback) {
      for (const AllocationRun& run : job.run->allocations()) job.weight += run.planned ? 1 : 0;
      budget_.add_allocations(job.weight);
    }
    const auto& allocations = job.run->allocations();
    for (std::size_t i = 0; i < allocations.size(); ++i) {
      const Fleet::Lane lane = allocations[i].lane;
      if (lane >= present_.size()) present_.resize(lane + 1);
      if (present_[lane].empty()) budget_.add_worker();
      present_[lane].emplace_back(number, i);
      if (const Contact* aside = fleet_.aside(lane)) job.run->on_set_aside(i, *aside);
    }
    Wave& wave = waves_[job.place];
    ++wave.unfinished;
    wave.pending.push_back(number);
    ++unfinished_;
    stirred_ = true;
  }

  void drop(const JobName& name) {
    if (!quiet(name)) throw std::logic_error("Rollout::drop: " + name.str() + " is not quiet");
    const auto it = numbers_.find(name);
    if (it == numbers_.end()) return;
    take_out(it->second);
    numbers_.erase(it);
  }

  std::vector<Step> next(Instant now) {
    now_ = now;
    while (!timers_.empty() && timers_.begin()->first <= now) {
      const Number number = timers_.begin()->second;
      timers_.erase(timers_.begin());
      jobs_[number].timer.reset();
      jobs_[number].run->wake(now);
      stirred_ = true;
      touched(number);
    }
    std::vector<Step> steps;
    do {
      settle();
      while (const auto ticket = fleet_.pop()) {
        if (auto step = redeem(*ticket)) {
          steps.push_back(std::move(*step));
        } else {
          fleet_.done(ticket->lane);
        }
        settle();
      }
    } while (break_circle());
    for (const Number number : std::exchange(hookers_, {})) {
      JobRun* run = jobs_[number].run.get();
      auto round = run ? run->take_hooks() : std::nullopt;
      if (!round) continue;
      ++hooks_in_flight_;
      Step& step = steps.emplace_back();
      step.kind = Step::Kind::kHook;
      step.key.job = run->plan().job;
      step.tree = run->plan().tree;
      step.commit = run->plan().commit;
      step.hooks = *std::move(round);
    }
    return steps;
  }

  std::optional<Instant> wake_at() const {
    if (timers_.empty()) return std::nullopt;
    return timers_.begin()->first;
  }

  void on_contact(const WorkerHost& worker, const Contact& contact, Instant now) {
    now_ = now;
    const Fleet::Lane lane = fleet_.lane(worker);
    const auto askers = fleet_.answered(lane);
    if (askers.empty()) return;
    fleet_.done(lane);
    if (concerns_worker(contact.condition)) {
      fleet_.set_aside(lane, contact);
    } else {
      fleet_.heard(lane, now);
    }
    tell(askers, lane, contact);
    stirred_ = true;
    settle();
  }

  void on_outcome(const AllocationKey& key, const Outcome& outcome, Instant now) {
    answer(key, now, [&](JobRun& run, std::size_t i) { return run.on_outcome(i, outcome, now); });
  }

  void on_probe(const AllocationKey& key, Health health, const std::string& detail, Instant now) {
    answer(key, now, [&](JobRun& run, std::size_t i) { return run.on_probe(i, health, detail, now); });
  }

  void on_hooks(const JobName& job, const HookRoundEnd& end, Instant now) {
    now_ = now;
    const auto it = numbers_.find(job);
    if (it == numbers_.end() || !jobs_[it->second].run->on_hooks(end, now)) return;
    --hooks_in_flight_;
    stirred_ = true;
    touched(it->second);
    settle();
  }

  std::optional<HookRound> hooks_after_batch(const JobName& job) const {
    const auto it = numbers_.find(job);
    return it == numbers_.end() ? std::nullopt : jobs_[it->second].run->hooks_after_batch();
  }

  void stop_job(const JobName& name, Reason reason, const std::string& detail) {
    if (numbers_.count(name) == 0) return;
    const Number number = numbers_.at(name);
    jobs_[number].run->stop(reason, detail, now_);
    touched(number);
    stirred_ = true;
    settle();
  }

  void stop_all(Reason reason) {  // nothing may begin in between, so all before the first is over
    for (const auto& [name, number] : numbers_) jobs_[number].run->stop(reason, "", now_);
    for (const auto& [name, number] : numbers_) touched(number);
    stirred_ = true;
    settle();
  }

  bool wants(const AllocationKey& key) const {
    const auto [run, member] = member_of(key);
    return run && !run->halting();
  }

  bool came_up(const AllocationKey& key) const {
    const auto [run, member] = member_of(key);
    return run && run->allocations()[member].came_up;
  }

  bool quiet(const JobName& name) const {
    const auto it = numbers_.find(name);
    return it == numbers_.end() || jobs_[it->second].run->quiet();
  }

  std::vector<JobName> take_failed() {
    std::vector<JobName> out;
    std::erase_if(failed_, [&](Number number) {
      const JobRun* run = jobs_[number].run.get();
      if (run && !run->quiet()) return false;
      if (run) out.push_back(run->plan().job);
      return true;
    });
    return out;
  }

  std::map<JobName, BakeLeft> bakes(Instant now) const {
    std::map<JobName, BakeLeft> out;
    for (const Number number : bakers_) {
      const JobRun* run = jobs_[number].run.get();
      const auto owed = run ? run->bake_owed(now) : std::nullopt;
      if (owed) out[run->plan().job] = {run->plan().tree, *owed};
    }
    return out;
  }

  std::optional<JobReport> report(const JobName& name) const {
    const auto it = numbers_.find(name);
    if (it == numbers_.end()) return std::nullopt;
    return jobs_[it->second].run->report();
  }

  bool finished() const { return unfinished_ == 0 && fleet_.in_flight() == 0; }

  std::vector<JobReport> reports() const {
    std::vector<JobReport> out;
    for (const auto& [name, number] : numbers_) out.push_back(jobs_[number].run->report());
    return out;
  }

  std::map<WorkerHost, Contact> set_aside() const { return fleet_.set_aside(); }

 private:
  using Number = std::uint32_t;  // of a job that was put; never used again
  // Sorts leaving jobs first, by falling wave, then the others by rising wave.
  using Place = std::pair<int, int>;

  struct Job {
    std::unique_ptr<JobRun> run;  // null: replaced
    Place place;
    bool counted = false;          // as over
    std::vector<Number> sleepers;  // asleep until this one is over
    std::optional<Instant> timer;
    int weight = 0;    // allocations it acts on, as the budget counts them
    int failures = 0;  // as told to the budget
  };
  struct Wave {
    int unfinished = 0;
    std::vector<Number> pending;
  };

  static Place place_of(const JobPlan& plan) {
    return plan.leaving || plan.empties ? Place{0, -plan.wave} : Place{1, plan.wave};
  }

  template <class Apply>
  void answer(const AllocationKey& key, Instant now, const Apply& apply) {
    now_ = now;
    const auto [run, member] = member_of(key);
    if (!run) return;
    const Fleet::Lane lane = run->allocations()[member].lane;
    stirred_ = true;
    if (apply(*run, member)) fleet_.done(lane);
    touched(numbers_.at(key.job));
    settle();
  }

  // The step a ticket stands for. nullopt: nobody wants it any more.
  std::optional<Step> redeem(const Fleet::Ticket& ticket) {
    if (ticket.kind == Step::Kind::kContact) {
      const Contact* aside = fleet_.aside(ticket.lane);
      if (!aside) return fleet_.contact_step(ticket.lane);
      const Contact known = *aside;
      tell(fleet_.answered(ticket.lane), ticket.lane, known);
      return std::nullopt;
    }
    JobRun* run = jobs_[ticket.job].run.get();
    if (!run) return std::nullopt;
    auto step = run->hand_out(ticket.allocation, now_);
    touched(ticket.job);
    return step;
  }

  // Null: it takes no part in this rollout.
  std::pair<JobRun*, std::size_t> member_of(const AllocationKey& key) const {
    const auto job = numbers_.find(key.job);
    if (job == numbers_.end()) return {nullptr, 0};
    JobRun* run = jobs_[job->second].run.get();
    const auto member = run->find(key.worker);
    return {member ? run : nullptr, member.value_or(0)};
  }

  Will look(const PortWait& wait) const override {
    if (wait.how == PortWait::How::kKeeps) return Will::kKeep;
    const auto [run, holder] = member_of(wait.holder);
    return run ? run->will_let_go(holder, wait) : Will::kKeep;
  }

  void stop(const PortWait& wait) override {
    const auto [run, holder] = member_of(wait.holder);
    if (run) run->stop_for_port(holder);
  }

  // It is replaced or dropped. Its failures stay counted.
  void take_out(Number number);
  void tell(const std::vector<Number>& askers, Fleet::Lane lane, const Contact& contact);
  // Something happened to a job: when it wants to be woken, and whether it is over.
  void touched(Number number);
  // The failure budget is used up: whatever is under way ends at its next boundary. Going
  // back goes on.
  void stop_rest();
  // Until nothing more follows: workers set aside, ports let go of, jobs that are
  // over, waves that open.
  void settle();
  void tell_free(Fleet::Lane lane, const AllocationKey& holder);
  void look_for_ports(Number number);
  void tell_all_on(Fleet::Lane lane);
  void count_over(Number number);
  void try_begin(Number number);
  // Demands that go in a circle, or against the order of the waves, would sleep
  // for ever; loading refuses circles, but a rollout always ends. So would ports that
  // nobody lets go of before somebody else does.
  bool break_circle();

  Fleet fleet_;
  std::vector<Job> jobs_;
  std::map<JobName, Number> numbers_;
  std::map<Place, Wave> waves_;  // those with unfinished jobs; the first one is open
  std::vector<std::vector<std::pair<Number, std::size_t>>> present_;  // by lane
  std::set<std::pair<Instant, Number>> timers_;
  std::set<Number> asleep_;
  std::set<Number> port_sleepers_;
  FailureBudget budget_;
  bool stop_rest_ = false, stopped_by_budget_ = false;
  std::vector<Number> failed_;  // and roll back
  std::set<Number> bakers_;
  std::set<Number> hookers_;  // with hooks to be handed out
  std::size_t hooks_in_flight_ = 0;
  bool stirred_ = false;  // something happened that may free one of them
  std::vector<Number> over_;
  std::size_t unfinished_ = 0;
  Instant now_{};
};

}  // namespace maand
