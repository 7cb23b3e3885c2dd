#include "reconciler/app/pass.h"

#include <algorithm>
#include <utility>

#include "reconciler/app/recalling.h"
#include "reconciler/app/releases.h"
#include "reconciler/app/settling.h"
#include "reconciler/app/unfinished.h"
#include "reconciler/core/worker_files.h"

namespace maand {

Pass::Pass(Deps deps, const PassSettings& settings, Memory& memory, std::string cause)
    : deps_(deps), settings_(settings), memory_(memory), cause_(std::move(cause)) {}

Pass::~Pass() = default;

PassResult Pass::run() {
  try {
    const bool wanted = look() && judge_head();
    settle_open();
    if (wanted) {
      recall_lost_ports();
      plan();
      roll_out();
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
  } catch (const std::exception& error) {
    tell(EventKind::kNotice, std::string("the pass ended early: ") + error.what());
    result_.converged = false;
  }
  report();
  return result_;
}

// ls-remote, and a fetch only when the ref moved. False: there is nothing to plan.
bool Pass::look() {
  memory_.phase.enter(Phase::kLook);
  RemoteHead head;
  try {
    head = deps_.lane.await([this] { return deps_.source.ls_remote(); });
    if (!head.commit.empty() && head.commit != memory_.source.remote_head) {
      memory_.phase.enter(Phase::kFetch);
      head.commit = deps_.lane.await([this] { return deps_.source.fetch(); });
      tell(EventKind::kHeadSeen, "the branch is at " + head.commit.str().substr(0, 12), head.commit);
    }
  } catch (const SourceError& error) {
    // R1.3: what was judged before can still be converged to.
    memory_.source.tried = true;
    if (memory_.source.state != to_string(error.problem())) {
      tell(EventKind::kSourceProblem, error.what());
    }
    memory_.source.state = to_string(error.problem());
    memory_.source.detail = error.what();
    result_.source_failed = true;
    if (!memory_.judged) memory_.source.remote_head = deps_.journal.state().head;
    return memory_.judged || !memory_.source.remote_head.empty();
  }
  memory_.source.tried = true;
  memory_.source.previews = head.previews;
  const std::string before = memory_.source.state;
  memory_.source.detail.clear();
  if (head.commit.empty()) {
    memory_.source.state = head.repository_empty ? "WaitingForFirstCommit" : "SourceMissing";
    memory_.source.detail =
        head.repository_empty
            ? "the repository has no commit yet; push one to " + settings_.branch
            : "the remote has no branch " + settings_.branch + "; nothing is planned and what runs goes on";
    if (memory_.source.state != before) {
      tell(head.repository_empty ? EventKind::kNotice : EventKind::kSourceProblem, memory_.source.detail);
    }
    result_.converged = true;
    return false;
  }
  memory_.source.state = "Ready";
  memory_.source.remote_head = head.commit;
  // The first commit to an empty repository is no recovery.
  if (before != "Ready" && before != "Unknown" && before != "WaitingForFirstCommit") {
    tell(EventKind::kSourceRecovered, "the remote answers again");
  }
  return true;
}

// History policy, then the workspace. False: nothing is converged to.
bool Pass::judge_head() {
  const CommitId head = memory_.source.remote_head;
  JudgedPtr judged = memory_.judged;
  if (!judged || (!head.empty() && judged->info.id != head)) {
    memory_.phase.enter(Phase::kJudge, head.str().substr(0, 12));
    judged_anew_ = true;
    bool done = false;
    std::exception_ptr error;
    deps_.judge.start(head, deps_.journal.state(), [&](JudgedPtr fresh, std::exception_ptr failure) {
      judged = std::move(fresh);
      error = failure;
      done = true;
    });
    while (!done) {
      deps_.inbox.serve(deps_.clock.now() + std::chrono::seconds(1));
      deps_.control.stop_requested();
    }
    if (error) std::rethrow_exception(error);
  }
  memory_.judged = judged;
  if (!judged->workspace.refused() && !held_by_history(*judged)) {
    take_over(judged);
    return true;
  }
  refuse(judged);
  if (!memory_.accepted) return false;
  // What was accepted before goes on converging: a refused commit stops nothing (R1.3).
  take_over(memory_.accepted);
  return true;
}

void Pass::take_over(const JudgedPtr& judged) {
  memory_.accepted = judged;
  status_ = new_status(*judged);
  if (deps_.meter) deps_.meter->commit_accepted(*judged);
}

bool Pass::held_by_history(const Judged& judged) const {
  return settings_.hold_rewritten_history && judged.history == HistoryVerdict::kRewritten &&
         !is_released(deps_.store, judged.info.id);
}

void Pass::refuse(const JudgedPtr& judged) {
  PassStatus status = new_status(*judged);
  if (judged->workspace.refused()) {
    status.state = PassState::kRefused;
  } else {
    status.state = PassState::kHeld;
    status.remarks.push_back("held: it does not descend from the last applied commit; `maand release " +
                             judged->info.id.str().substr(0, 12) + "` lets it");
  }
  finish_status(status);
  if (is_news(status)) tell(EventKind::kCommitRefused, note_text(status), status.commit);
  others_.push_back(std::move(status));
}

PassStatus Pass::new_status(const Judged& judged) const {
  PassStatus status;
  status.bucket = settings_.bucket;
  status.bucket_name = settings_.bucket_name;
  status.commit = judged.info.id;
  status.state = PassState::kPending;
  status.cause = cause_;
  status.started_at = deps_.clock.wall();
  status.diagnostics = judged.workspace.commit.all();
  for (const auto& [name, broken] : judged.workspace.broken) {
    const auto& all = broken.diagnostics.all();
    status.diagnostics.insert(status.diagnostics.end(), all.begin(), all.end());
  }
  for (const BetweenJobs& problem : judged.workspace.between)
    status.diagnostics.push_back(problem.diagnostic);
  const auto& warnings = judged.workspace.warnings.all();
  status.diagnostics.insert(status.diagnostics.end(), warnings.begin(), warnings.end());
  if (judged.history == HistoryVerdict::kRewritten) {
    status.remarks.push_back("history was rewritten: this commit does not descend from the last applied one");
  }
  return status;
}

// R3.4: nothing is planned on top of an operation whose end is not known.
void Pass::settle_open() {
  memory_.phase.enter(Phase::kSettle);
  const SettlingResult settled =
      settle_open_operations({deps_.inbox, deps_.runner, deps_.journal, deps_.clock, deps_.observer},
                             [this] { return deps_.control.stop_requested(); });
  if (settled.unsettled > 0) result_.converged = false;
  for (const auto& [worker, contact] : settled.set_aside) memory_.set_aside[worker] = contact;
}

// The numbers of the pool are sticky (workspace.md 4.1), also across a store that was lost.
void Pass::recall_lost_ports() {
  const std::vector<Endpoint> workers =
      workers_to_recall_from(memory_.accepted->workspace, deps_.journal.state(), settings_.plan.ssh);
  if (workers.empty()) return;
  memory_.phase.enter(Phase::kRecall);
  const RecalledPorts recalled = recall_from_workers({deps_.inbox, deps_.runner, deps_.clock}, workers,
                                                     [this] { return deps_.control.stop_requested(); });
  for (const std::string& conflict : recalled.conflicts) {
    status_.remarks.push_back(conflict);
    tell(EventKind::kNotice, conflict);
  }
  if (recalled.numbers.empty()) return;
  deps_.journal.put_ports(recalled.numbers);
  tell(EventKind::kNotice, "nothing is on record, so the numbers of ports are those the workers have kept");
}

void Pass::plan() {
  memory_.phase.enter(Phase::kPlan);
  const std::vector<PassRecord> last = deps_.store.passes(1);
  update_seq_ = last.empty() ? 1 : last[0].id + 1;
  const ValueSnapshotPtr before = deps_.judge.values_seen();
  // As of now: what is ordered while older content is read is heeded by the rollout.
  const Suspensions suspended = deps_.control.suspensions();
  pins_ = memory_.pinned;
  desired_ = deps_.judge.desired(*memory_.accepted, deps_.journal.state(), update_seq_);
  // R1.10. Whatever woke us: a new head is what everything of it is due to.
  const bool value = before && before != deps_.judge.values_seen();
  if (judged_anew_ && cause_ == "value") cause_ = "commit";
  if (!judged_anew_ && value && cause_ == "commit") cause_ = "value";
  take_desired();
  plan_settings_ = settings_.plan;
  apply_releases(deps_.store, desired_.commit, plan_settings_);
  plan_settings_.suspended = suspended;
  memory_.plan = make_plan(desired_, deps_.journal.state(), plan_settings_);
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

// Ports are on record before anything can be started with them.
void Pass::take_desired() {
  status_.cause = cause_;
  deps_.journal.put_ports(desired_.ports);
  const auto& problems = desired_.problems.all();
  status_.diagnostics.insert(status_.diagnostics.end(), problems.begin(), problems.end());
}

void Pass::watch_health() {
  deps_.control.health().follow(
      make_watch_list(desired_, memory_.plan, deps_.journal.state(), plan_settings_.ssh));
}

// For jobs.json; O(allocations), so only where somebody will be contacted.
void Pass::list_jobs_of_workers() {
  jobs_of_worker_.clear();
  for (const auto& [name, job] : desired_.jobs) {
    for (const std::uint32_t worker : job.workers) {
      const WorkerHost& host = desired_.workers[worker].host;
      jobs_of_worker_[host].emplace_back(name, desired_.disabled.covers({name, host}));
    }
  }
}

WorkerDocuments Pass::documents(const WorkerHost& worker) const {
  const auto it = std::find_if(desired_.workers.begin(), desired_.workers.end(),
                               [&](const Worker& candidate) { return candidate.host == worker; });
  const auto jobs = jobs_of_worker_.find(worker);
  WorkerDocuments documents;
  if (it == desired_.workers.end()) return documents;
  documents.worker_json = worker_json(settings_.bucket, *it, update_seq_);
  documents.jobs_json =
      jobs_json(jobs == jobs_of_worker_.end() ? std::vector<std::pair<JobName, bool>>{} : jobs->second);
  return documents;
}

void Pass::tell(EventKind kind, const std::string& text, const CommitId& commit) {
  deps_.observer.on(Event{.kind = kind, .commit = commit, .text = text});
}

}  // namespace maand
