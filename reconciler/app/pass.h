// One pass: from the head of the branch to a written note, as a readable list of
// steps with one exit (R1.2).
//
// Reconcile thread. The only place that catches: an error of git, of the store
// or of ours ends the pass and becomes part of its status; it never stops the
// daemon and never changes what is applied.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/app/accepted.h"
#include "reconciler/app/certifier.h"
#include "reconciler/app/drift_watcher.h"
#include "reconciler/app/gone_workers.h"
#include "reconciler/app/health_watcher.h"
#include "reconciler/app/hook_memory.h"
#include "reconciler/app/hook_runs.h"
#include "reconciler/app/judge.h"
#include "reconciler/app/lane.h"
#include "reconciler/app/new_names.h"
#include "reconciler/app/order_hooks.h"
#include "reconciler/app/phase_watch.h"
#include "reconciler/app/recovery.h"
#include "reconciler/app/rollout_driver.h"
#include "reconciler/app/settling.h"
#include "reconciler/app/worker_documents.h"
#include "reconciler/core/status.h"

namespace maand {

enum class NotesMode { kAll, kChanges, kOff };  // R4.3

struct PassSettings {
  BucketId bucket;
  std::string bucket_name;
  std::string branch;  // for messages
  PlanSettings plan;
  RolloutLimits rollout;
  bool hold_rewritten_history = false;    // R1.4
  VerifyMode verify = VerifyMode::kNone;  // R1.5
  NotesMode notes = NotesMode::kAll;
  bool automatic_recovery = false;  // R7.3
  GoneSettings gone;                // R3.9
};

// What the source said last; a condition of its own, never a failure of what is applied (R1.3).
struct SourceStatus {
  std::string state = "Unknown";  // Ready, WaitingForFirstCommit, SourceMissing, or a SourceProblem
  std::string detail;
  bool tried = false;  // the remote was asked at least once (R6.1)
  CommitId remote_head;
  std::map<std::string, CommitId> previews;  // as it listed them last
};

// What one pass leaves to the next, and to whoever shows it.
struct Memory {
  SourceStatus source;
  JudgedPtr judged;                  // newest commit that was judged
  JudgedPtr accepted;                // newest commit that was not refused: what is converged to
  std::optional<PassStatus> status;  // of the newest judged commit
  Plan plan;                         // newest
  std::vector<JobReport> jobs;       // of the rollout going on, or of the last one
  std::map<WorkerHost, Contact> set_aside;
  Authority authority;       // R3.12, R7.3
  Away away;                 // R3.9
  std::set<WorkerHost> met;  // by this daemon; what they keep is not news (R7.3)
  Suspensions suspended;
  Pins pinned;
  Drains drained;
  CertificateReport certificates;
  std::optional<WallTime> window_opens;  // R5.6: the next moment at which something that waits may begin
  std::string store_problem;             // empty: the store can be written
  std::string notes_problem;             // empty: nothing waits in the outbox
  std::size_t notes_waiting = 0;         // in the outbox, when it was last looked at
  OpenQuestions questions;               // about operations whose end is not known
  HookMemory hooks;
  PhaseWatch phase;  // what the reconcile thread is at
};

class JobOrders;

// How the world outside steers a running pass. Reconcile thread.
class PassControl {
 public:
  virtual ~PassControl() = default;
  virtual bool stop_requested() const = 0;
  // The pending flag (R1.1): true once for any number of triggers since the last call.
  virtual bool take_pending() = 0;
  // Whether passes follow each other by themselves, so that one need not wait for what takes long.
  virtual bool serving() const = 0;
  // There is something for another pass.
  virtual void come_again() = 0;
  // Something worth showing changed.
  virtual void changed() = 0;
  // R5.5, as of now.
  virtual const Suspensions& suspensions() = 0;
  // Told what runs where, and what is acted on (R5.8).
  virtual HealthWatcher& health() = 0;
  virtual DriftWatcher& drift() = 0;  // likewise (R5.9)
  virtual JobOrders& orders() = 0;
};

struct PassResult {
  bool converged = false;     // nothing is left to be tried again
  bool acted = false;         // an operation was begun
  bool earlier_told = false;  // of a rollout that an earlier daemon began and did not live to tell of
  bool source_failed = false;
  bool again = false;           // a newer commit may have arrived meanwhile
  bool values_written = false;  // by itself: certificates
};

class Pass {
 public:
  struct Deps {
    Inbox& inbox;
    Lane& lane;
    Source& source;
    Notes& notes;
    Judge& judge;
    Runner& runner;
    Store& store;
    Journal& journal;
    Clock& clock;
    Observer& observer;
    PassControl& control;
    LoopMeter* meter = nullptr;
    HookRuns* hooks = nullptr;       // null: none can run
    Certifier* certifier = nullptr;  // null: no certificate is issued
  };

  Pass(Deps deps, const PassSettings& settings, Memory& memory, std::string cause);
  ~Pass();

  PassResult run();

 private:
  // The steps, in order. Each returns whether the next one makes sense.
  bool look();
  bool judge_head();
  void settle_open();
  void hold_reverted(const Reverted& reverted);
  bool is_tolerated(const Reverted& reverted, const JobRecord& record) const;
  void recover_lost(const Workspace& workspace);
  void take_names();
  void judge_failures();
  void fenced(const WorkerHost& worker, const std::string& detail);
  void plan();
  void roll_out();
  void report();
  void end_early(const std::string& why);

  JudgingDeps judging();
  JudgedPtr judge_now(const CommitId& commit, const AdmissionRules& rules);
  const Pin* kept_from(const Judged& judged) const;
  void accept_pinned(const Pin& pin);
  void take_over(const JudgedPtr& judged);  // it becomes what is converged to
  void take_releases();
  // With certificates: pass_certificates.cc.
  void desire();
  void supply_certificates(const JudgedPtr& judged, const std::set<JobName>& jobs);
  void name_cause(const ValueSnapshotPtr& before);
  bool only_renews() const;
  Closures closed_now();
  void note_openings();
  void take_desired();  // what follows from its desired state at once
  AdmissionRules admission_rules() const;
  PassStatus new_status(const Judged& judged) const;
  void refuse(const JudgedPtr& judged);

  // While rolling out (R1.8).
  void put(const JobPlan& job);
  void show_progress();
  void take_progress();
  void watch_for_newer_commit();
  void adopt(const JudgedPtr& judged);
  void heed_orders();
  void heed_stops();
  void heed_drains();
  // What an operator's hand does to a job meanwhile: pass_orders.cc.
  bool is_ordered(const JobName& job) const;
  void heed_job_orders();
  void end_job_order();
  void leave_job_order();
  void fail_job_order(const std::string& why);
  void remember_before_order(const JobReport& report);
  void forget_before_order(const JobName& job);
  void tell_before_order(PassStatus& status) const;
  std::vector<JobReport> reports_of_commit() const;  // by job; without what an order does
  // Going back from what failed, and bake clocks (R5.2, R2.9): pass_rollback.cc.
  RolloutLimits rollout_limits();
  void read_ways_back();
  void put_down_beginnings();
  void keep_bakes(bool at_once);
  void begin_rollbacks();
  void begin_rollback(const JobName& job);
  bool goes_back(const JobName& job) const;
  void fail_gates(const JobReport& job);
  void remember_failure(const JobReport& job);
  void remember_rollback(JobReport& job);
  void replan();
  bool job_unchanged(const JobName& job, const DesiredState& newer) const;

  // Hooks of jobs: pass_hooks.cc.
  bool hooks_may_run() const;
  HookRoundEnd await_hooks(HookRunOrder order);
  HookWorldPtr head_world(const JudgedPtr& judged);
  bool owes_post_build(const Judged& judged) const;
  bool passes_post_build(const JudgedPtr& judged);
  JobName upstream_of_hooks(const Job& job) const;
  bool meet_before_hooks(const HookWorld& world, const std::set<std::pair<int, JobName>>& jobs);
  bool run_pre_deploy();
  bool run_owed_rounds();
  void put_down_round(const Step& step);
  void tell_hooks();
  bool owes_pre_deploy(const JobName& name, const DesiredJob& job) const;
  void order_rollouts(Plan& plan);
  void put_down_hooks(const std::vector<const JobPlan*>& plans);
  void settle_rollout_hooks(const JobReport& job);
  void go_on_after_hooks();
  HookWorldPtr hook_world();
  void run_hooks(const Step& step, std::function<void(const HookRoundEnd&)> done);
  void end_hooks();
  void leave_to_next_pass(const Judged& newer);

  void watch_health();
  void list_jobs_of_workers();
  void remember_targets();
  void remember_results();
  void keep(const std::string& name, const CommitId& commit);
  void finish_status(PassStatus& status);
  void tell_unfinished();
  bool nothing_to_retry() const;
  bool is_news(const PassStatus& status);
  bool writes_notes() const;
  void leave_note(const PassStatus& status);
  void record(const PassStatus& status);
  void publish_notes();
  WorkerDocuments documents(const WorkerHost& worker) const;
  void tell(EventKind kind, const std::string& text, const CommitId& commit = {});

  Deps deps_;
  const PassSettings& settings_;
  Memory& memory_;
  std::string cause_;
  PassResult result_;

  DesiredState desired_;
  PlanSettings plan_settings_;
  std::uint64_t stops_ = 0;  // revision of what operators stopped, that the plan was made with (R5.7)
  Drains drained_;           // that the plan was made with
  Pins pins_;                // that the plan was made with
  JudgedPtr windows_of_;     // whose windows plan_settings_.closed tells, as of
  std::chrono::minutes windows_minute_{0};
  JobsByWorker jobs_of_worker_;
  PassStatus status_;                       // of the commit that is converged to
  std::vector<PassStatus> others_;          // of commits that were superseded or refused meanwhile
  std::set<AllocationKey> failed_;          // whose operation was settled as failed now
  std::vector<CommitId> unfinished_;        // whose rollout an earlier daemon did not live to tell of
  std::map<JobName, std::string> running_;  // jobs of which something still runs that was begun earlier
  Recovery recovery_;
  NewNames names_;
  std::int64_t pass_id_ = 0;     // of this pass in the history, once recorded
  std::int64_t update_seq_ = 1;  // of worker.json (workspace.md 8.6): rises with every recorded pass
  bool planned_ = false;
  bool retold_ = false;       // a head is still not accepted, but for another reason
  bool judged_anew_ = false;  // the head is another one than in the pass before

  HookWorldPtr hook_world_;                      // of desired_; null: not made yet
  std::map<JobName, HookWorldPtr> hook_worlds_;  // in which each job of the rollout began
  std::string post_build_waits_;    // why the head's post_build hooks have not run; empty: not so
  std::set<JobName> hooks_first_;   // of a commit that took over: their pre_deploy comes in the next pass
  std::set<JobName> pre_deployed_;  // in this pass
  std::set<std::pair<JobName, HookEvent>> caught_up_;  // likewise: with hooks that were owed
  std::map<JobName, std::string> hook_failed_;         // likewise
  std::map<JobName, JobName> deferred_;                // whose pre_deploy comes after the rollout of another
  CommitId overtaken_by_;                  // whose hooks run between two rollouts, and so not in this pass
  std::vector<Diagnostic> told_problems_;  // of desired_, in status_

  std::unique_ptr<Rollout> rollout_;
  std::unique_ptr<RolloutDriver> driver_;
  std::set<JobName> superseded_;  // stopped; planned again once they are quiet
  Instant shown_{};               // when progress was shown last
  bool looking_ = false;          // for a newer commit, on the lane
  bool rolling_ = false;          // the driver runs
  bool stopping_ = false;
  bool fenced_ = false;                        // while rolling out
  std::map<JobName, JobReport> before_order_;  // of jobs that were over when an order came
  // What had been done of a job by then, whatever is planned of it afterwards.
  std::map<JobName, std::vector<AllocationStatus>> told_before_order_;
  JobName stopped_for_order_;  // came to rest for the order alone; empty: none
  OrderHooks order_hooks_;
  bool ordering_ = false;              // an order is carried out in place of its job
  bool renamed_ = false;               // a newer commit gives new names, which the next pass takes
  bool certificates_to_come_ = false;  // it asks for certificates, which the next pass issues
  Certifier::Result certified_;
  bool supplied_ = false;                  // certificates for hooks, of what does not roll out yet
  std::set<HookRuns::Id> rounds_running_;  // of the rollout
  std::shared_ptr<Pass*> self_ = std::make_shared<Pass*>(this);  // gone when the pass is
  bool waits_for_order_ = false;  // running_ has a job for the order that was taken up, and nothing else
};

}  // namespace maand
