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

#include <utility>

#include "reconciler/core/rollout_machine.h"

namespace maand {

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
void Rollout::on_hooks(const JobName& job, const HookRoundEnd& end, Instant now) {
  machine_->on_hooks(job, end, now);
}
std::optional<HookRound> Rollout::hooks_after_batch(const JobName& job) const {
  return machine_->hooks_after_batch(job);
}
void Rollout::stop_job(const JobName& job, Reason reason, const std::string& why) {
  machine_->stop_job(job, reason, why);
}
void Rollout::stop_all(Reason reason) { machine_->stop_all(reason); }
bool Rollout::wants(const AllocationKey& key) const { return machine_->wants(key); }
bool Rollout::came_up(const AllocationKey& key) const { return machine_->came_up(key); }
bool Rollout::quiet(const JobName& job) const { return machine_->quiet(job); }
std::vector<JobName> Rollout::take_failed() { return machine_->take_failed(); }
std::map<JobName, BakeLeft> Rollout::bakes(Instant now) const { return machine_->bakes(now); }
std::optional<JobReport> Rollout::report(const JobName& job) const { return machine_->report(job); }
bool Rollout::finished() const { return machine_->finished(); }
std::vector<JobReport> Rollout::reports() const { return machine_->reports(); }
std::map<WorkerHost, Contact> Rollout::set_aside() const { return machine_->set_aside(); }

}  // namespace maand
