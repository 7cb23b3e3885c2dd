// One job on its way through a rollout (R2.3 to R2.6).
//
//   kPending ─begin─► kLook ─► for each phase, for each of its batches:
//                      ┌───────────────────────────────────────────────────────────────────────┐
//                      │ (kFreshen) ─► kBatch ─► (kGate) ─► (kConfirm) ─► (kBake) ─► next batch │
//                      └───────────────────────────────────────────────────────────────────────┘
//                       phases: [stage] drain start upgrade [late]   (stop_first)
//                               drain control                   (job_control hooks in place of targets)
//                               start drain upgrade [late drain]     (start_first, when it moves)
//                               late: starts that have to wait for a port, so that upgrades
//                               of this job let go of theirs first
//                     any time ─► kOver: done, degraded, waiting, failed, stopped, held, rolled back
//
//   kLook     contacts to the workers of its active allocations and a first round
//             of probes; only when it upgrades or moves
//   kPorts    everybody left in the phase waits for another job to let go of a port
//   kFreshen  the members of an upgrade batch are probed, so that the gate knows
//             who was unhealthy before
//   kBatch    every member runs: stop then remove, or its one action, with retries
//   kGate     rounds of probes
//   kConfirm  what its worker would take back by itself is confirmed over a new connection
//   kBake     it has to stay healthy for as long as the manifest says
//   kHooks    hooks run on this host: after a batch of stops or of what came up, at the end of
//             a gate, between files and confirmation where they bring it up, before it is done
//   kWindUp   nothing more begins, and a stop for another job's sake is to be answered
//
// A failure stops the job once what is in flight has been answered; stop() lets
// the gate of the batch finish as well. An answer costs O(log n), a batch
// O(members · log n).
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "reconciler/core/allocation_run.h"
#include "reconciler/core/availability.h"
#include "reconciler/core/bake.h"
#include "reconciler/core/batch.h"
#include "reconciler/core/fleet.h"
#include "reconciler/core/health_gate.h"
#include "reconciler/core/upstreams.h"

namespace maand {

// What the other jobs of the rollout do about a port that one of ours takes.
class PortHolders {
 public:
  virtual ~PortHolders() = default;
  enum class Will {
    kLetGo,  // it is going to, by itself or because it was asked
    kStop,   // it may be stopped now
    kKeep,   // not in this rollout
  };
  virtual Will look(const PortWait& wait) const = 0;
  // REQUIRES: look(wait) == kStop. The stop is handed out like any step.
  virtual void stop(const PortWait& wait) = 0;
};

class JobRun {
 public:
  // `self` is the number its tickets carry. `fleet` and `holders` must outlive it.
  JobRun(JobPlan plan, std::uint32_t self, Fleet& fleet, PortHolders& holders);
  JobRun(const JobRun&) = delete;
  JobRun& operator=(const JobRun&) = delete;

  const JobPlan& plan() const { return plan_; }
  bool over() const { return activity_ == Activity::kOver; }
  bool pending() const { return activity_ == Activity::kPending; }
  bool quiet() const { return over() && in_flight_ == 0; }

  void begin(Instant now);  // REQUIRES: pending()
  // Does not begin in this rollout. REQUIRES: pending()
  void block(const std::string& detail, Reason reason = Reason::kBlocked);
  void stop(Reason reason, const std::string& detail, Instant now);

  // A ticket's turn has come. nullopt: it was cancelled, or its worker is set aside.
  std::optional<Step> hand_out(std::size_t allocation, Instant now);
  // A retry, a round of the gate or the progress timeout has fallen due.
  void wake(Instant now);
  std::optional<Instant> wake_at() const;

  void on_contact(Fleet::Lane lane, const Contact& contact, Instant now);
  // Both: true when a step of that kind was in flight. A probe that was not asked
  // for is news all the same.
  bool on_outcome(std::size_t allocation, const Outcome& outcome, Instant now);
  bool on_probe(std::size_t allocation, Health health, const std::string& detail, Instant now);
  // Hooks that are to run; taken once, and then to be answered.
  bool hooks_wait() const { return hooks_.has_value() && !hooks_run_; }
  std::optional<HookRound> take_hooks();
  // True: they were awaited.
  bool on_hooks(const HookRoundEnd& end, Instant now);
  // after_allocation_started or _stopped of the batch at hand, for all of it.
  std::optional<HookRound> hooks_after_batch() const;
  // Another job found the worker out of reach. Begins and ends nothing by itself.
  void on_set_aside(std::size_t allocation, const Contact& contact);

  // ---- ports that change hands (job_ports.cc)
  // As a taker: `holder` has let go; something changed for those who wait (true: also
  // for others, by what followed); nothing moves any more, so that waiting is no use.
  void on_let_go(std::size_t allocation, const AllocationKey& holder);
  bool waits_for_ports() const { return !over() && (activity_ == Activity::kPorts || parked_ > 0); }
  bool look_for_ports(Instant now);
  bool rely_on_promises(Instant now);  // true: it went on, though nobody has let go yet
  void give_up_ports(Instant now);
  // As a holder.
  PortHolders::Will will_let_go(std::size_t allocation, const PortWait& wait) const;
  void stop_for_port(std::size_t allocation);

  std::optional<std::size_t> find(const WorkerHost& worker) const;
  const std::vector<AllocationRun>& allocations() const { return runs_; }
  JobReport report() const;
  Upstream as_upstream() const;
  int failures() const { return plan_.rollback ? 0 : failed_members_ - plan_.failed_before; }
  bool halting() const { return failed_ || stopping_; }  // nothing more begins
  bool failed() const { return state_ == JobReport::State::kFailed; }
  // nullopt: nothing has begun that could owe one, and may yet.
  std::optional<std::chrono::milliseconds> bake_owed(Instant now) const;

 private:
  enum class Activity {
    kPending,
    kLook,
    kPorts,
    kFreshen,
    kBatch,
    kGate,
    kConfirm,
    kBake,
    kHooks,
    kWindUp,
    kOver
  };
  enum class Phase { kStage, kDrain, kControl, kStart, kUpgrade, kLateStart };

  // job_run.cc: the way through the phases
  void take_in(const std::vector<PlannedAction>& actions, std::vector<std::size_t>& numbers);
  std::size_t add(const AllocationKey& key, const Endpoint* endpoint);
  void choose_phases();
  void advance(Instant now);
  void next_batch(Instant now);
  void run_batch(Instant now);
  void begin_members();
  void after_batch(Instant now);
  void after_started(Instant now);
  void gate_round(Instant now);
  void gate_failed(const std::vector<std::size_t>& failing, Instant now);
  void finish();
  std::string names_of(AllocationReport::State state) const;

  // job_hook_rounds.cc: what runs on this host in between
  void begin_hooks(HookEvent event, std::vector<AllocationKey> members, Instant now);
  HookRound round_of(HookEvent event, std::vector<AllocationKey> members) const;
  std::vector<AllocationKey> came_through() const;  // of the batch
  void begin_control(Instant now);
  void run_stopped_hooks(Instant now);
  bool run_started_hooks(Instant now);  // false: there are none
  void probes_passed(Instant now);
  void through(Instant now);
  void hooks_done(HookEvent event, Instant now);
  void health_hooks_failed(const std::string& detail, Instant now);

  // job_confirm.cc: what counts only once it is confirmed over a new connection
  void gate_passed(Instant now);
  void on_confirmation(std::size_t allocation, const Outcome& outcome, Instant now);
  void leave_unconfirmed();
  bool is_leaving(const Outcome& outcome) const;
  bool heals(const AllocationRun& run) const;
  bool on_trial(const AllocationRun& run) const;
  bool may_be_cut_off(const AllocationRun& run, const Outcome& outcome) const;

  // job_bake.cc: what comes after a gate, and what a failure is taken for (R2.9)
  bool comes_up() const;
  void after_gate(Instant now);
  bool take_up_bake(Instant now);
  void open_bake(std::chrono::milliseconds left, Instant now);
  void bake_round(Instant now);
  bool tolerates(Reason reason, int more, const std::string& detail);

  // job_batches.cc: who is in the next batch, and who has to wait
  void enter_phase();
  bool more_in_phase();
  Batch take_batch();
  Batch take_stage();
  Batch take_drains();
  Batch take_starts();
  Batch take_upgrades();
  void give_back_recovered();
  int batch_size() const;
  int canary_or(int size) const;
  int drains_allowed() const;
  Batch take_late_starts();
  Batch take_control();
  void set_aside(std::size_t allocation, std::string why);
  void wait_for(Reason reason, const std::string& detail);

  // job_ports.cc: who waits for a port, and who gives one up
  PortHolders::Will ports_of(std::size_t allocation) const;
  bool may_begin(std::size_t allocation);
  bool may_stage(std::size_t allocation);
  void admit_upgrades();
  bool begin_or_park(std::size_t allocation);
  void put_back(std::size_t allocation);
  void leave_waiting(std::size_t allocation);
  bool has_room_to_stop(std::size_t allocation) const;
  void end_of_stop(std::size_t allocation, const Settled& settled, Instant now);
  void forget_stop(std::size_t allocation);
  void come_up_again(std::size_t allocation);

  // job_answers.cc: what an answer does to a member
  void enqueue(std::size_t allocation, Step::Kind kind);
  void retry_later(std::size_t allocation);
  void look_at(std::size_t allocation);
  void confirmed(std::size_t allocation);
  void member_failed(std::size_t allocation, Reason reason);
  void fail(Reason reason, std::string detail);
  void cancel(std::size_t allocation);
  void cancel_waiting();
  bool has_checks() const { return !plan_.health.checks.empty(); }
  bool progress_timed_out(Instant now) const;
  bool only_waits_to_try_again() const {
    return activity_ == Activity::kBatch && in_flight_ == 0 && !retries_.empty();
  }

  const JobPlan plan_;
  const std::uint32_t self_;
  Fleet& fleet_;
  PortHolders& holders_;
  std::vector<AllocationRun> runs_;
  std::unordered_map<WorkerHost, std::size_t> by_worker_;
  Availability availability_;

  std::vector<Phase> phases_;
  std::size_t phase_ = 0;
  std::vector<std::size_t> starts_, upgrades_;
  std::vector<std::size_t> controlled_;  // that hooks bring up: in no other list
  std::deque<std::size_t> drains_;       // stops that wait for nobody
  std::deque<std::size_t> moving_;       // stops that a new worker has to be ready for
  Batch loose_;                          // removals without a stop
  std::size_t next_start_ = 0;
  UpgradeQueue upgrade_queue_;
  std::set<std::size_t> waiting_upgrades_;  // not in the queue: another job has their port
  std::set<std::size_t> late_starts_;       // the same
  // Two jobs that change places wait for one another's old allocations: then it is
  // enough that the other is going to let go.
  bool promises_do_ = false;
  bool must_wait_ = false;  // take_batch: nobody can go now, and somebody may later
  std::size_t parked_ = 0;
  int stops_in_flight_ = 0;  // of `giving_up`

  // Moves (R2.3): a stop of an old allocation needs a new worker that is ready.
  bool moves_ = false;
  int free_drains_ = 0;  // more leave than arrive: these need no one
  int pairs_ = 0;
  int ready_ = 0;  // new workers staged, or started for start_first
  int drains_taken_ = 0;

  Activity activity_ = Activity::kPending;
  Batch batch_;
  int batch_number_ = 0;
  int batches_ = 0;
  std::size_t open_ = 0;            // members (or probes) of the activity that are not through
  std::set<Fleet::Lane> contacts_;  // awaited
  int in_flight_ = 0;
  std::set<std::pair<Instant, std::size_t>> retries_;
  HealthGate gate_;
  Bake bake_;
  std::chrono::milliseconds bake_owed_{0};  // as of the last change; while it bakes, bake_ knows
  bool bake_begun_ = false;                 // bake_owed_ is of this rollout
  bool bake_taken_up_ = false;              // what an earlier pass left
  int canary_left_ = 0;
  bool canary_batch_ = false;  // the batch at hand is (part of) the canary
  int failed_members_ = 0;
  std::string tolerated_;  // those within rollout.max_failures
  Reason tolerated_reason_ = Reason::kTargetFailed;
  std::optional<HookRound> hooks_;  // that wait or run
  bool hooks_run_ = false;
  bool control_ran_ = false;
  bool post_deployed_ = false;
  int health_tries_ = 0;  // of health_check hooks, in the gate at hand
  std::optional<Instant> hooks_again_at_;
  Instant progress_{};  // when the batch was handed out, or one more became healthy (R2.9)

  bool failed_ = false;
  bool stopping_ = false;
  bool cut_short_ = false;  // stop() kept something from beginning
  bool set_aside_ = false;
  bool removal_failed_ = false;
  bool waiting_ = false;
  Reason stop_reason_ = Reason::kSuperseded;
  std::string stop_detail_;
  JobReport::State state_ = JobReport::State::kPending;
  Reason reason_ = Reason::kUnchanged;
  std::string detail_;
};

}  // namespace maand
