// The step of a pass that rolls out, and what a newer commit does to it (R1.8).
#include <algorithm>
#include <utility>

#include "reconciler/app/job_orders.h"
#include "reconciler/app/pass.h"
#include "reconciler/app/unfinished.h"

namespace maand {
namespace {

// A flag that is up for as long as this lives, however it ends.
class Raised {
 public:
  explicit Raised(bool& flag) : flag_(flag) { flag_ = true; }
  ~Raised() { flag_ = false; }
  Raised(const Raised&) = delete;
  Raised& operator=(const Raised&) = delete;

 private:
  bool& flag_;
};

}  // namespace

void Pass::roll_out() {
  if (!memory_.plan.has_actions() && memory_.plan.jobs.empty()) {
    memory_.jobs.clear();
    memory_.set_aside.clear();
    return;
  }
  memory_.phase.enter(Phase::kRollOut);
  if (memory_.plan.has_actions()) begin_rollout(deps_.store, desired_.commit);
  status_.state = PassState::kApplying;
  put_down_beginnings();
  std::vector<const JobPlan*> begin;
  for (const auto& [name, job] : memory_.plan.jobs) begin.push_back(&job);
  put_down_hooks(begin);
  rollout_ = std::make_unique<Rollout>(rollout_limits());
  driver_ = std::make_unique<RolloutDriver>(
      RolloutDriver::Deps{
          deps_.inbox, deps_.runner, deps_.journal, deps_.clock, deps_.observer, &recovery_.unread,
          [this](const WorkerHost& worker, const std::string& why) { fenced(worker, why); },
          &deps_.control.health(), &memory_.met,
          [this](Step& step, Journal::Intent& intent) {
            if (is_ordered(step.key.job)) deps_.control.orders().amend(step, intent, deps_.journal);
          },
          [this](const Step& step, RolloutDriver::HooksEnded done) { run_hooks(step, std::move(done)); }},
      [this](const WorkerHost& worker) { return documents(worker); }, desired_.commit);
  for (const JobPlan* job : begin) put(*job);
  const auto between = [this] {
    if (deps_.control.stop_requested() && !stopping_) {
      stopping_ = true;
      rollout_->stop_all(Reason::kStopping);
    }
    if (!memory_.authority.may_write() && !fenced_) {
      fenced_ = true;
      rollout_->stop_all(Reason::kFenced);
    }
    if (!stopping_ && !fenced_) {
      heed_orders();
      begin_rollbacks();  // what failed is on record before an operator's hand changes the job
      heed_drains();
      heed_job_orders();
      watch_for_newer_commit();
      replan();
    }
    keep_bakes(stopping_);
    show_progress();
  };
  {
    const Raised rolling(rolling_);
    driver_->run(*rollout_, between);
  }
  leave_job_order();
  keep_bakes(true);
  // A look that is still under way reports to nobody: the next pass asks again.
  result_.again = result_.again || fenced_ || renamed_ || certificates_to_come_ || looking_ ||
                  !overtaken_by_.empty() || memory_.judged->info.id != memory_.source.remote_head;
  take_progress();
  result_.acted = driver_->acted();
  if (result_.acted && deps_.certifier && memory_.authority.may_write()) {
    deps_.certifier->look_again(desired_, deps_.journal.state(), deps_.judge.sources());
    memory_.certificates = deps_.certifier->report();
  }
  note_gone_workers(deps_.journal, memory_.accepted->workspace, memory_.set_aside, deps_.clock, memory_.away);
  watch_health();
  remember_results();
}

void Pass::watch_health() {
  deps_.control.health().follow(
      make_watch_list(desired_, memory_.plan, deps_.journal.state(), plan_settings_.ssh));
  // What another controller runs there is its own.
  DriftWatcher& drift = deps_.control.drift();
  if (drift.off()) return;
  drift.follow(memory_.authority.may_write()
                   ? make_drift_list(desired_, memory_.plan, deps_.journal.state(), plan_settings_.ssh)
                   : DriftList{});
}

void Pass::put(const JobPlan& job) {
  deps_.control.drift().pause(job.job);
  if (deps_.hooks && job.hooks.any()) hook_worlds_[job.job] = hook_world();
  rollout_->put(job, deps_.clock.now());
}

// A report costs a look at every allocation of the rollout, so not after each answer.
void Pass::show_progress() {
  constexpr std::chrono::milliseconds kBetween{200};
  const Instant now = deps_.clock.now();
  if (now - shown_ < kBetween) return;
  shown_ = now;
  take_progress();
  deps_.control.changed();
}

void Pass::take_progress() {
  memory_.jobs = reports_of_commit();
  memory_.set_aside = rollout_->set_aside();
  if (deps_.meter) deps_.meter->rollout_moved(memory_.jobs);
}

// R5.7: what was stopped meanwhile is not started by what was planned before. Its job is planned
// anew when what is in flight has ended.
void Pass::heed_stops() {
  const std::uint64_t revision = deps_.journal.stops_revision();
  if (std::exchange(stops_, revision) == revision || ordering_) return;  // words of the order itself
  for (const auto& [key, allocation] : deps_.journal.state().allocations) {
    if (!allocation.stopped_by || memory_.plan.jobs.count(key.job) == 0) continue;
    if (superseded_.count(key.job) > 0 || goes_back(key.job)) continue;
    rollout_->stop_job(key.job, Reason::kSuperseded);
    superseded_.insert(key.job);
  }
}

// R5.5, R5.4: at the next allocation boundary. What is resumed, and where a pin leads, comes
// with the pass that follows.
void Pass::heed_orders() {
  heed_stops();
  const Suspensions& suspended = deps_.control.suspensions();
  Closures closed = closed_now();
  if (suspended == plan_settings_.suspended && memory_.pinned == pins_ && closed == plan_settings_.closed)
    return;
  for (const auto& [name, job] : memory_.plan.jobs) {
    const Suspension* suspension = suspended.of(name);
    const Pin* pin = memory_.pinned.narrowest(name);
    const Pin* before = pins_.narrowest(name);
    if (goes_back(name)) continue;
    if (suspension && !plan_settings_.suspended.of(name)) {
      rollout_->stop_job(name, Reason::kSuspended, sentence(*suspension));
    } else if (pin && !(before && *before == *pin)) {
      rollout_->stop_job(name, Reason::kPinned, sentence(*pin));
    } else if (const Closure* closure = job.released ? nullptr : closed.of(name);
               closure && !plan_settings_.closed.of(name)) {
      rollout_->stop_job(name, Reason::kWindowClosed, sentence(*closure, name));
    }
  }
  plan_settings_.closed = std::move(closed);
  plan_settings_.suspended = suspended;
  pins_ = memory_.pinned;
}

// Asks the remote on the lane whenever something poked us; the rollout goes on meanwhile.
void Pass::watch_for_newer_commit() {
  if (looking_ || !deps_.control.take_pending()) return;
  looking_ = true;
  auto head = std::make_shared<CommitId>();
  auto previews = std::make_shared<std::map<std::string, CommitId>>();
  const auto look = [&source = deps_.source, head, previews, known = memory_.source.remote_head] {
    const RemoteHead remote = source.ls_remote();
    *previews = remote.previews;
    if (!remote.commit.empty() && remote.commit != known) *head = source.fetch();
  };
  const std::weak_ptr<Pass*> self = self_;
  deps_.lane.start(look, [this, self, head, previews](std::exception_ptr error) {
    if (self.expired()) return;
    if (!error) memory_.source.previews = *previews;
    if (error || head->empty()) {  // the next pass tells of a remote that does not answer
      looking_ = false;
      return;
    }
    memory_.source.remote_head = *head;
    tell(EventKind::kHeadSeen, "the branch is at " + head->str().substr(0, 12), *head);
    deps_.judge.start(*head, deps_.journal.state(), admission_rules(),
                      [this, self](JudgedPtr judged, std::exception_ptr failure) {
                        if (self.expired()) return;
                        looking_ = false;
                        // Once the rollout has ended it is too late: the next pass takes the commit.
                        if (!failure && rolling_) adopt(judged);
                      });
  });
}

// Ports are on record before anything can be started with them.
void Pass::take_desired() {
  status_.cause = cause_;
  deps_.journal.put_ports(desired_.ports);
  // It may be planned again in the same pass, with values that hooks brought.
  for (const Diagnostic& told : told_problems_) {
    const auto known = std::find(status_.diagnostics.begin(), status_.diagnostics.end(), told);
    if (known != status_.diagnostics.end()) status_.diagnostics.erase(known);
  }
  told_problems_ = desired_.problems.all();
  status_.diagnostics.insert(status_.diagnostics.end(), told_problems_.begin(), told_problems_.end());
}

// Its post_build hooks come first, and no two of them may meet a rollout: what it changes stops
// at its next boundary, and the pass that follows takes it.
void Pass::leave_to_next_pass(const Judged& newer) {
  const DesiredState wanted = deps_.judge.look(newer, deps_.journal.state(), update_seq_, false).desired;
  for (const JobReport& job : rollout_->reports()) {
    if (!job_unchanged(job.job, wanted) && !goes_back(job.job) && !is_ordered(job.job))
      rollout_->stop_job(job.job, Reason::kSuperseded);
  }
  overtaken_by_ = newer.info.id;
}

void Pass::adopt(const JudgedPtr& judged) {
  if (!overtaken_by_.empty()) return;
  memory_.judged = judged;
  if (!judged->acceptable() || kept_from(*judged)) {
    refuse(judged);  // and what is going on goes on
    return;
  }
  if (owes_post_build(*judged)) {
    leave_to_next_pass(*judged);
    return;
  }
  tell(EventKind::kNotice, "this commit takes over from " + status_.commit.str().substr(0, 12),
       judged->info.id);
  PassStatus older = std::move(status_);
  fold(older, memory_.plan, reports_of_commit(), true);
  tell_before_order(older);
  older.state = PassState::kSuperseded;
  older.remarks.push_back("superseded by " + judged->info.id.str().substr(0, 12));
  finish_status(older);
  others_.push_back(std::move(older));

  DesiredState newer = deps_.judge.desired_now(*judged, deps_.journal.state(), update_seq_);
  for (const JobReport& job : rollout_->reports()) {
    if (job_unchanged(job.job, newer) || goes_back(job.job)) continue;
    if (!is_ordered(job.job)) rollout_->stop_job(job.job, Reason::kSuperseded);
    superseded_.insert(job.job);
    forget_before_order(job.job);  // told with the older commit
  }
  // Who waits for them since an older commit still does.
  const std::set<JobName> waited = std::exchange(hooks_first_, {});
  for (const auto& [name, job] : newer.jobs) {
    const bool begins = !job_unchanged(name, newer) || waited.count(name) > 0;
    if (begins && owes_pre_deploy(name, job)) hooks_first_.insert(name);
  }
  desired_ = std::move(newer);
  hook_world_ = nullptr;
  driver_->set_head(desired_.commit);
  begin_rollout(deps_.store, desired_.commit);
  take_over(judged);
  take_releases();
  take_desired();
  status_.state = PassState::kApplying;
  // New names are taken between rollouts; until then neither the old nor the new begins.
  const std::map<JobName, std::string> names = new_names_to_come(deps_.journal.state(), judged->workspace);
  renamed_ = renamed_ || !names.empty();
  for (const auto& [name, job] : desired_.jobs)
    certificates_to_come_ = certificates_to_come_ || job.held_reason == Reason::kNoCertificate;
  plan_settings_.unsettled = running_;
  plan_settings_.unsettled.insert(names.begin(), names.end());
  for (const JobName& name : hooks_first_) {
    plan_settings_.unsettled.emplace(name, "its pre_deploy hooks run once the rollout at hand has ended");
    renamed_ = true;  // the next pass follows at once
  }
  // Jobs the older commit did not touch are planned at once, the changed ones
  // when they have come to rest.
  const std::vector<JobReport> known = rollout_->reports();
  for (const auto& [name, job] : desired_.jobs) {
    const bool rolling = std::any_of(known.begin(), known.end(),
                                     [&name = name](const JobReport& report) { return report.job == name; });
    if (!rolling) superseded_.insert(name);
  }
  for (const auto& [key, allocation] : deps_.journal.state().allocations) {
    if (desired_.jobs.count(key.job) == 0) superseded_.insert(key.job);
  }
  heed_orders();  // its windows hold before the next answer is looked at
}

// Same content, same values, same workers, same ends of them: its batches, clocks and counts go on.
bool Pass::job_unchanged(const JobName& name, const DesiredState& newer) const {
  const auto before = desired_.jobs.find(name);
  const auto after = newer.jobs.find(name);
  if (before == desired_.jobs.end() || after == newer.jobs.end())
    return before == desired_.jobs.end() && after == newer.jobs.end();
  const DesiredJob& a = before->second;
  const DesiredJob& b = after->second;
  if (!a.job || !b.job || a.held != b.held || a.job->tree != b.job->tree) return false;
  if (a.workers.size() != b.workers.size()) return false;
  for (std::size_t i = 0; i < a.workers.size(); ++i) {
    const Worker& left = desired_.workers[a.workers[i]];
    const Worker& right = newer.workers[b.workers[i]];
    const AllocationKey key{name, left.host};
    if (!(left == right) || desired_.disabled.covers(key) != newer.disabled.covers(key)) return false;
    if (a.content(i).with.values != b.content(i).with.values) return false;
  }
  return true;
}

void Pass::replan() {
  const bool ready = std::any_of(superseded_.begin(), superseded_.end(), [this](const JobName& job) {
    return rollout_->quiet(job) && !is_ordered(job);
  });
  if (!ready) return;
  // Which content a job keeps may have changed with what was applied meanwhile.
  Plan fresh = make_plan(desired_, deps_.journal.state(), plan_settings_);
  order_rollouts(fresh);
  // What the rollout is at is told by its report: an operation in flight is not "unsettled". One
  // that nobody waits for any more is.
  std::set<AllocationKey> told;
  for (const JobReport& job : rollout_->reports()) {
    if (rollout_->quiet(job.job)) continue;
    for (const AllocationReport& one : job.allocations) told.insert(one.action.key);
  }
  std::erase_if(fresh.waiting, [&](const PlannedAction& action) {
    return action.reason == Reason::kUnsettled && told.count(action.key) > 0;
  });
  std::vector<const JobPlan*> begin;
  for (auto it = superseded_.begin(); it != superseded_.end();) {
    if (!rollout_->quiet(*it) || is_ordered(*it)) {
      ++it;
      continue;
    }
    const auto job = fresh.jobs.find(*it);
    if (job != fresh.jobs.end()) {
      begin.push_back(&job->second);
    } else {
      rollout_->drop(*it);
    }
    it = superseded_.erase(it);
  }
  put_down_hooks(begin);
  for (const JobPlan* job : begin) put(*job);
  memory_.plan = std::move(fresh);
  list_jobs_of_workers();
  remember_targets();
}

}  // namespace maand
