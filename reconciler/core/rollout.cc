// Which job may begin, and how steps and answers find their way.
//
//        put                      leaving: by wave, highest first
//         │                       then staying: by wave, lowest first
//         ▼
//     ┌─────────┐ its wave is open  ┌──────────────┐ upstreams over  ┌─────────┐
//     │ pending ├──────────────────►│ judged: R2.8 ├────────────────►│ running │ job_run.h
//     └────┬────┘                   └──┬────────┬──┘   and fit       └────┬────┘
//          │                  an       │        │ one failed, waits,      │
//          │                  upstream │        │ or at a wrong version   │
//          │                  runs     ▼        ▼                         ▼
//          │                        asleep    waiting: Blocked     done · degraded ·
//          └─ nothing to do: held, or an upstream of others        waiting · failed · stopped
//
// A wave is open when every job of the waves before it is over, in whatever
// state. The last one over opens the next.
#include "reconciler/core/rollout.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include "reconciler/core/fleet.h"
#include "reconciler/core/job_run.h"
#include "reconciler/core/upstreams.h"

namespace maand {

class Rollout::Machine : public PortHolders {
 public:
  explicit Machine(RolloutLimits limits) : fleet_(limits) {}

  void put(JobPlan plan, Instant now) {
    now_ = now;
    if (!quiet(plan.job)) {
      throw std::logic_error("Rollout::put: " + plan.job.str() + " is not quiet; stop_job() it and wait");
    }
    const auto number = static_cast<Number>(jobs_.size());
    if (const auto old = numbers_.find(plan.job); old != numbers_.end()) jobs_[old->second].run.reset();
    numbers_[plan.job] = number;
    Job& job = jobs_.emplace_back();
    job.place = place_of(plan);
    job.run = std::make_unique<JobRun>(std::move(plan), number, fleet_, *this);
    if (job.run->over()) {
      job.counted = true;
      return;
    }
    const auto& allocations = job.run->allocations();
    for (std::size_t i = 0; i < allocations.size(); ++i) {
      const Fleet::Lane lane = allocations[i].lane;
      if (lane >= present_.size()) present_.resize(lane + 1);
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
    jobs_[it->second].run.reset();
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

  bool came_up(const AllocationKey& key) const {
    const auto [run, member] = member_of(key);
    return run && run->allocations()[member].came_up;
  }

  bool quiet(const JobName& name) const {
    const auto it = numbers_.find(name);
    return it == numbers_.end() || jobs_[it->second].run->quiet();
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
  };
  struct Wave {
    int unfinished = 0;
    std::vector<Number> pending;
  };

  static Place place_of(const JobPlan& plan) {
    return plan.leaving ? Place{0, -plan.wave} : Place{1, plan.wave};
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

  void tell(const std::vector<Number>& askers, Fleet::Lane lane, const Contact& contact) {
    for (const Number asker : askers) {
      if (!jobs_[asker].run) continue;
      jobs_[asker].run->on_contact(lane, contact, now_);
      touched(asker);
    }
  }

  // Something happened to a job: when it wants to be woken, and whether it is over.
  void touched(Number number) {
    Job& job = jobs_[number];
    const auto wake = job.run->wake_at();
    if (wake != job.timer) {
      if (job.timer) timers_.erase({*job.timer, number});
      if (wake) timers_.emplace(*wake, number);
      job.timer = wake;
    }
    if (job.run->waits_for_ports()) {
      port_sleepers_.insert(number);
    } else {
      port_sleepers_.erase(number);
    }
    if (job.run->over() && !job.counted) {
      job.counted = true;
      over_.push_back(number);
    }
  }

  // Until nothing more follows: workers set aside, ports let go of, jobs that are
  // over, waves that open.
  void settle() {
    while (true) {
      for (const Fleet::Lane lane : fleet_.take_newly_aside()) tell_all_on(lane);
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

  void tell_free(Fleet::Lane lane, const AllocationKey& holder) {
    stirred_ = true;
    for (const auto& [number, allocation] : present_[lane]) {
      if (jobs_[number].run) jobs_[number].run->on_let_go(allocation, holder);
    }
  }

  void look_for_ports(Number number) {
    JobRun* run = jobs_[number].run.get();
    port_sleepers_.erase(number);  // touched() puts it back
    if (!run || !run->waits_for_ports()) return;
    if (run->look_for_ports(now_)) stirred_ = true;
    touched(number);
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

  void tell_all_on(Fleet::Lane lane) {
    stirred_ = true;
    const Contact contact = *fleet_.aside(lane);
    for (const auto& [number, allocation] : present_[lane]) {
      if (jobs_[number].run) jobs_[number].run->on_set_aside(allocation, contact);
    }
  }

  void count_over(Number number) {
    Job& job = jobs_[number];
    --unfinished_;
    const auto wave = waves_.find(job.place);
    if (--wave->second.unfinished == 0) waves_.erase(wave);
    for (const Number sleeper : std::exchange(job.sleepers, {})) {
      if (asleep_.erase(sleeper) > 0) try_begin(sleeper);
    }
  }

  void try_begin(Number number) {
    JobRun* run = jobs_[number].run.get();
    if (!run || !run->pending()) return;
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
  bool break_circle() {
    if (!fleet_.idle() || !timers_.empty()) return false;
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

  Fleet fleet_;
  std::vector<Job> jobs_;
  std::map<JobName, Number> numbers_;
  std::map<Place, Wave> waves_;  // those with unfinished jobs; the first one is open
  std::vector<std::vector<std::pair<Number, std::size_t>>> present_;  // by lane
  std::set<std::pair<Instant, Number>> timers_;
  std::set<Number> asleep_;
  std::set<Number> port_sleepers_;
  bool stirred_ = false;  // something happened that may free one of them
  std::vector<Number> over_;
  std::size_t unfinished_ = 0;
  Instant now_{};
};

Rollout::Rollout(RolloutLimits limits) : machine_(std::make_unique<Machine>(limits)) {}
Rollout::~Rollout() = default;
void Rollout::put(JobPlan plan, Instant now) { machine_->put(std::move(plan), now); }
void Rollout::drop(const JobName& job) { machine_->drop(job); }
std::vector<Step> Rollout::next(Instant now) { return machine_->next(now); }
std::optional<Instant> Rollout::wake_at() const { return machine_->wake_at(); }
void Rollout::on_contact(const WorkerHost& worker, const Contact& contact, Instant now) {
  machine_->on_contact(worker, contact, now);
}
void Rollout::on_outcome(const AllocationKey& key, const Outcome& outcome, Instant now) {
  machine_->on_outcome(key, outcome, now);
}
void Rollout::on_probe(const AllocationKey& key, Health health, const std::string& detail, Instant now) {
  machine_->on_probe(key, health, detail, now);
}
void Rollout::stop_job(const JobName& job, Reason reason, const std::string& why) {
  machine_->stop_job(job, reason, why);
}
void Rollout::stop_all(Reason reason) { machine_->stop_all(reason); }
bool Rollout::came_up(const AllocationKey& key) const { return machine_->came_up(key); }
bool Rollout::quiet(const JobName& job) const { return machine_->quiet(job); }
bool Rollout::finished() const { return machine_->finished(); }
std::vector<JobReport> Rollout::reports() const { return machine_->reports(); }
std::map<WorkerHost, Contact> Rollout::set_aside() const { return machine_->set_aside(); }

}  // namespace maand
