#include "reconciler/app/pass.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "reconciler/app/releases.h"
#include "reconciler/app/standing.h"
#include "reconciler/app/unfinished.h"
#include "reconciler/core/drain_names.h"

namespace maand {

Pass::Pass(Deps deps, const PassSettings& settings, Memory& memory, std::string cause)
    : deps_(deps),
      settings_(settings),
      memory_(memory),
      cause_(std::move(cause)),
      order_hooks_(deps.store, deps.journal, deps.control.orders(), deps.hooks) {}

Pass::~Pass() = default;

PassResult Pass::run() {
  try {
    const bool wanted = look() && judge_head();
    if (wanted) {
      recover_lost(memory_.accepted->workspace);
      status_.remarks.insert(status_.remarks.end(), recovery_.remarks.begin(), recovery_.remarks.end());
    }
    settle_open();
    if (wanted) {
      take_names();
      judge_failures();
      plan();
      while (run_owed_rounds() || run_pre_deploy()) plan();
      roll_out();
      go_on_after_hooks();
    }
    memory_.store_problem.clear();
  } catch (const SourceError& error) {
    memory_.source.state = to_string(error.problem());
    memory_.source.detail = error.what();
    result_.source_failed = true;
    tell(EventKind::kSourceProblem, error.what());
  } catch (const StoreError& error) {
    // R7.4: nothing was begun that is not journalled; it heals with a later pass.
    memory_.store_problem = error.what();
    result_.converged = false;
    tell(EventKind::kStoreProblem, error.what());
    end_early(std::string("the store cannot be written: ") + error.what());
  } catch (const std::exception& error) {
    tell(EventKind::kNotice, std::string("the pass ended early: ") + error.what());
    result_.converged = false;
    end_early(error.what());
  }
  report();
  return result_;
}

// What it has begun on this host does not go on beside the next pass. Operations do, on their workers, and
// are settled by it.
void Pass::end_early(const std::string& why) {
  end_hooks();
  fail_job_order(why);
}

// R3.12: no worker is written to any more, until an operator says so.
void Pass::fenced(const WorkerHost& worker, const std::string& detail) {
  if (!memory_.authority.may_write()) return;
  fence_off(deps_.store, memory_.authority, worker, detail, deps_.clock.wall());
  tell(EventKind::kNotice,
       std::string("fenced: ") + explain(Reason::kFenced) + " (" + memory_.authority.detail + ")");
  deps_.control.changed();
}

// R7.3, R3.9: what workers know and this store does not, before anything is planned on it.
void Pass::recover_lost(const Workspace& workspace) {
  memory_.phase.enter(Phase::kRecall);
  std::vector<std::string> remarks = std::move(recovery_.remarks);  // of a time before in this pass
  recovery_ = recover({deps_.inbox, deps_.runner, deps_.clock, deps_.store, deps_.journal, deps_.observer},
                      {settings_.plan.ssh, settings_.automatic_recovery}, workspace, memory_.authority,
                      [this] { return deps_.control.stop_requested(); });
  recovery_.remarks.insert(recovery_.remarks.begin(), std::make_move_iterator(remarks.begin()),
                           std::make_move_iterator(remarks.end()));
}

// R3.6, and jobs that were renamed.
void Pass::take_names() {
  if (!memory_.authority.may_write()) return;
  names_ = take_new_names(deps_.journal, memory_.accepted->workspace, settings_.plan.ssh);
  for (const std::string& said : names_.said) tell(EventKind::kNotice, said);
  Drains drained = with_new_names(memory_.drained, memory_.accepted->workspace.workers);
  if (drained == memory_.drained) return;
  keep_drains(deps_.store, drained);
  memory_.drained = std::move(drained);
  deps_.judge.drain(memory_.drained);
}

void Pass::plan() {
  memory_.phase.enter(Phase::kPlan);
  const std::vector<PassRecord> last = deps_.store.passes(1);
  update_seq_ = last.empty() ? 1 : last[0].id + 1;
  const ValueSnapshotPtr before = deps_.judge.values_seen();
  // As of now: what is ordered while older content is read is heeded by the rollout.
  const Suspensions suspended = deps_.control.suspensions();
  pins_ = memory_.pinned;
  drained_ = memory_.drained;
  stops_ = deps_.journal.stops_revision();
  hook_world_ = nullptr;
  desire();
  name_cause(before);
  take_desired();
  plan_settings_ = settings_.plan;
  plan_settings_.suspended = suspended;
  take_releases();
  plan_settings_.closed = closed_now();
  plan_settings_.unsettled = running_;
  plan_settings_.unsettled.insert(names_.waiting.begin(), names_.waiting.end());
  for (const auto& [name, upstream] : deferred_) {
    plan_settings_.unsettled.emplace(
        name, "its pre_deploy hooks run once " + upstream.str() + ", which it demands, is rolled out");
  }
  plan_settings_.owed_hooks = owed_hooks(deps_.store);
  const Authority& authority = memory_.authority;
  if (authority.may_write()) {
    plan_settings_.abandoned = abandoned_workers({deps_.inbox, deps_.runner, deps_.clock, deps_.journal},
                                                 settings_.gone, memory_.accepted->workspace, memory_.away,
                                                 [this] { return deps_.control.stop_requested(); });
  } else {
    plan_settings_.withheld = {authority.reason(), authority.detail};
  }
  memory_.plan = make_plan(desired_, deps_.journal.state(), plan_settings_);
  order_rollouts(memory_.plan);
  tell_hooks();
  if (!judged_anew_ && cause_ == "commit" && memory_.plan.heals()) status_.cause = cause_ = "heal";
  if (cause_ == "commit" && only_renews()) status_.cause = cause_ = "certificate";
  // R5.1: a commit that is released releases these stops, also for later heads.
  if (plan_settings_.all_removals_released && !memory_.plan.stops_over_budget.empty())
    release_removals(deps_.store, memory_.plan.stops_over_budget);
  deps_.journal.set_baselines(memory_.plan.baselines);
  read_ways_back();
  if (memory_.plan.has_actions()) list_jobs_of_workers();
  remember_targets();
  watch_health();
  unfinished_ = unfinished_rollouts(deps_.store);
  result_.earlier_told = !unfinished_.empty();
  planned_ = true;
  deps_.control.changed();
}

// Of the commit that is converged to.
void Pass::take_releases() {
  apply_releases(deps_.store, desired_.commit, plan_settings_);
  plan_settings_.allowed_removals = memory_.accepted->allowed_removals;
}

// R5.6. Windows begin and end with a minute, so that is how often they are looked at.
Closures Pass::closed_now() {
  const WallTime now = deps_.clock.wall();
  const auto minute = std::chrono::floor<std::chrono::minutes>(now).time_since_epoch();
  if (memory_.accepted == windows_of_ && minute == windows_minute_) return plan_settings_.closed;
  windows_of_ = memory_.accepted;
  windows_minute_ = minute;
  return closures_at(memory_.accepted->workspace.windows, now);
}

// When the next job that waits for its window may go on.
void Pass::note_openings() {
  memory_.window_opens.reset();
  const auto note = [this](const JobName& job) {
    const Closure* closure = plan_settings_.closed.of(job);
    if (!closure || !closure->opens) return;
    memory_.window_opens = std::min(*closure->opens, memory_.window_opens.value_or(*closure->opens));
  };
  for (const auto& [name, job] : memory_.plan.jobs) {
    if (job.held && job.held_reason == Reason::kWindowClosed) note(name);
  }
  for (const JobReport& job : memory_.jobs) {
    if (job.reason == Reason::kWindowClosed) note(job.job);
  }
}

void Pass::list_jobs_of_workers() { jobs_of_worker_ = jobs_by_worker(desired_); }

WorkerDocuments Pass::documents(const WorkerHost& worker) const {
  return worker_documents(deps_.judge.sources(), desired_, jobs_of_worker_, worker, update_seq_);
}

void Pass::tell(EventKind kind, const std::string& text, const CommitId& commit) {
  deps_.observer.on(Event{.kind = kind, .commit = commit, .text = text});
}

}  // namespace maand
