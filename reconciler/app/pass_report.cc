// What a pass leaves behind: job records, history, the note (R4), events.
#include <algorithm>
#include <utility>

#include "reconciler/app/pass.h"
#include "reconciler/app/releases.h"
#include "reconciler/app/unfinished.h"

namespace maand {
namespace {

constexpr std::size_t kAttemptsLookedAt = 50;

std::string next_name(const JobName& job) { return job.str() + "+next"; }  // `+` is in no job name

}  // namespace

// Not awaited: serving the inbox here would let outcomes and newer commits in
// between two job records. The lane keeps the order; the mirror never prunes.
void Pass::keep(const std::string& name, const CommitId& commit) {
  deps_.lane.start([&source = deps_.source, name, commit] { source.keep(name, commit); },
                   [&observer = deps_.observer, name](std::exception_ptr error) {
                     if (!error) return;
                     observer.on(Event{.kind = EventKind::kNotice,
                                       .text = "the mirror could not keep the content of " + name});
                   });
}

// The newest content that loaded and is not held becomes the job's target (R1.7).
// Of every job that is known its wave is kept, for when it leaves (R2.3).
void Pass::remember_targets() {
  const AppliedState& state = deps_.journal.state();
  for (const auto& [name, job] : desired_.jobs) {
    if (!job.job) continue;
    const auto known = state.jobs.find(name);
    const bool first = known == state.jobs.end();
    // Nothing of it was left to do while it was held as a whole (R7.3): good as it is.
    const bool good = !first && (!known->second.good_tree.empty() || memory_.plan.jobs.count(name) > 0);
    const bool same_target = job.held || (good && known->second.target_tree == job.job->tree);
    if (same_target && (first || known->second.wave == job.wave)) continue;
    JobRecord record = first ? JobRecord{} : known->second;
    record.job = name;
    record.wave = job.wave;
    if (same_target) {
      deps_.journal.put_job(record);
      continue;
    }
    record.target_commit = job.commit;
    record.target_tree = job.job->tree;
    put_away_hold(record);
    keep(next_name(name), job.commit);
    // Nothing to roll out (only what is not shipped changed): good as it is.
    if (memory_.plan.jobs.count(name) == 0) {
      record.good_commit = record.target_commit;
      record.good_tree = record.target_tree;
      keep(name.str(), record.good_commit);
    }
    deps_.journal.put_job(record);
  }
}

// Its target ended well and its gate, or its bake, did not.
void Pass::fail_gates(const JobReport& job) {
  if (job.state != JobReport::State::kFailed && job.state != JobReport::State::kDegraded) return;
  for (const AllocationReport& allocation : job.allocations) {
    // As it was before: what is confirmed there has no gate that failed.
    if (allocation.outcome && allocation.outcome->confirmation == Confirmation::kReverted) continue;
    if (allocation.state == AllocationReport::State::kFailed) deps_.journal.fail_gate(allocation.action.key);
  }
}

// R2.6: a failed rollout holds its content, and R5.2: may have to go back.
void Pass::remember_failure(const JobReport& job) {
  fail_gates(job);
  JobRecord record = deps_.journal.state().jobs.at(job.job);
  const bool of_target = record.target_tree == job.tree;
  const auto desired = desired_.jobs.find(job.job);
  const bool of_pin = desired != desired_.jobs.end() && desired->second.held_reason == Reason::kPinned;
  if (!of_target && !of_pin) return;
  put_away_hold(record);
  record.held_reason = to_string(job.reason);
  record.held_detail = job.detail;
  record.held_tree = job.tree;
  record.held_commit = job.commit;
  record.held_since = deps_.clock.wall();
  record.failures =
      static_cast<int>(std::count_if(job.allocations.begin(), job.allocations.end(), [](const auto& one) {
        return one.state == AllocationReport::State::kFailed;
      }));
  record.failed_version.clear();
  for (const AllocationReport& allocation : job.allocations) {
    if (ships_files(allocation.action.action)) record.failed_version = allocation.action.new_version;
  }
  if (job.would_go_back) record.rollback = Rollback::kDue;
  if (of_target) {
    record.target_commit = record.good_commit;
    record.target_tree = record.good_tree;
  }
  keep(next_name(job.job), record.held_commit);
  deps_.observer.on(Event{.kind = EventKind::kJobHeld,
                          .commit = job.commit,
                          .job = job.job,
                          .reason = to_string(job.reason),
                          .text = job.detail});
  deps_.journal.put_job(record);
}

// R2.6: what failed while nobody was there to judge it is held before it is planned again.
void Pass::judge_failures() {
  const std::vector<JobReport> failures = unjudged_failures(
      deps_.journal.state(), memory_.accepted->workspace, unfinished_rollouts(deps_.store), failed_);
  for (const JobReport& job : failures) remember_failure(job);
}

// R2.6: a failed rollout holds its content; R1.7: a good one is what is kept.
void Pass::remember_results() {
  for (JobReport& job : memory_.jobs) {
    const auto known = deps_.journal.state().jobs.find(job.job);
    if (known == deps_.journal.state().jobs.end()) continue;
    if (job.rollback) {
      remember_rollback(job);
      continue;
    }
    // Whoever was ill before and still is has had its gate; after a rollout that was
    // cut short it has not.
    if (job.state != JobReport::State::kStopped) {
      for (const AllocationReport& allocation : job.allocations) {
        const bool seen = allocation.state == AllocationReport::State::kDone ||
                          allocation.state == AllocationReport::State::kFailed;
        if (seen && allocation.health == Health::kUnhealthy)
          deps_.journal.set_health(allocation.action.key, Health::kUnhealthy);
      }
    }
    settle_rollout_hooks(job);
    if (job.state == JobReport::State::kFailed) {
      remember_failure(job);
      continue;
    }
    const bool through = job.state == JobReport::State::kDone || job.state == JobReport::State::kDegraded ||
                         job.state == JobReport::State::kHeld;
    fail_gates(job);
    if (through) deps_.journal.prove(job.job, job.tree);
    JobRecord record = deps_.journal.state().jobs.at(job.job);
    if ((job.state == JobReport::State::kDone || job.state == JobReport::State::kDegraded) &&
        record.target_tree == job.tree && record.good_tree != job.tree) {
      record.good_commit = job.commit;
      record.good_tree = job.tree;
      keep(job.job.str(), job.commit);
      deps_.journal.put_job(record);
    }
  }
  // A job of which nothing remains is forgotten.
  std::vector<JobName> gone;
  const AppliedState& state = deps_.journal.state();
  for (const auto& [name, record] : state.jobs) {
    const auto allocation = state.allocations.lower_bound({name, WorkerHost{}});
    const bool remains = allocation != state.allocations.end() && allocation->first.job == name;
    if (!remains && desired_.jobs.count(name) == 0) gone.push_back(name);
  }
  for (const JobName& name : gone) {
    keep(name.str(), {});
    keep(next_name(name), {});
    deps_.journal.erase_job(name);
  }
}

void Pass::finish_status(PassStatus& status) {
  status.finished_at = deps_.clock.wall();
  bool newest = true;  // it carries those before it
  for (const PassRecord& earlier : deps_.store.passes(kAttemptsLookedAt)) {
    if (earlier.commit != status.commit || earlier.id == pass_id_) continue;
    status.attempts.insert(status.attempts.begin(),
                           {earlier.cause, rfc3339(earlier.finished_at), earlier.state});
    if (std::exchange(newest, false)) carry_over(status, done_in(earlier.json));
  }
  const auto untold = std::find(unfinished_.begin(), unfinished_.end(), status.commit);
  if (untold != unfinished_.end()) carry_over(status, settled_lines(deps_.journal.state(), status.commit));
  if (!driver_) return;
  for (AllocationStatus& line : status.allocations) {
    // One of an older commit in the same pass is not what this line tells of, nor is one that an order began.
    if (line.outcome == "not-reached" || line.outcome == "waiting" || !line.operation.empty()) continue;
    const auto it = driver_->operations().find(line.key);
    if (it != driver_->operations().end()) line.operation = it->second;
  }
}

void Pass::record(const PassStatus& status) {
  PassRecord pass;
  const bool ours = status.commit == status_.commit;
  pass.id = ours ? pass_id_ : 0;
  pass.commit = status.commit;
  pass.state = to_string(status.state);
  pass.cause = status.cause;
  pass.started_at = status.started_at;
  pass.finished_at = status.finished_at;
  pass.summary = summary(status);
  pass.json = note_json(status);
  const std::int64_t id = deps_.store.put_pass(pass);
  if (ours) pass_id_ = id;
}

// What waits for a person is not tried again by itself; everything else is.
bool Pass::nothing_to_retry() const {
  if (!memory_.set_aside.empty()) return false;
  const bool waits = std::any_of(status_.jobs.begin(), status_.jobs.end(), [](const JobStatus& job) {
    return !job.held && job.reason != Reason::kWindowClosed;
  });
  const bool unsettled =
      std::any_of(status_.allocations.begin(), status_.allocations.end(),
                  [](const AllocationStatus& line) { return line.reason == Reason::kUnsettled; });
  // What a worker may still take back by itself (R2.9 confirm_seconds) is asked for until it is known.
  const auto& allocations = deps_.journal.state().allocations;
  const bool open = std::any_of(allocations.begin(), allocations.end(),
                                [](const auto& one) { return one.second.open.has_value(); });
  return !waits && !unsettled && !open &&
         (status_.state == PassState::kApplied || status_.state == PassState::kHeld ||
          status_.state == PassState::kRolledBack);
}

// The section of the bucket is that of the controller whose workers they are.
bool Pass::writes_notes() const { return memory_.authority.may_write(); }

// What was said of a commit last is not said again: neither by a retry of a dead
// worker, nor by a start of the daemon, nor by every look at a head that is refused.
bool Pass::is_news(const PassStatus& status) {
  for (const PassRecord& earlier : deps_.store.passes(kAttemptsLookedAt)) {
    if (earlier.commit == status.commit) return earlier.state != to_string(status.state);
  }
  return true;
}

// A pass that died before it was recorded may have left a note that knows more
// than we do: what it did is "unchanged" to us.
void Pass::leave_note(const PassStatus& status) {
  const std::string heading = "maand " + status.bucket_name + ": " + to_string(status.state) + " ";
  for (const NoteSection& waiting : deps_.store.pending_notes()) {
    if (!result_.acted && waiting.commit == status.commit && waiting.text.rfind(heading, 0) == 0) return;
  }
  deps_.store.put_note({status.commit, note_text(status), note_json(status)});
}

// Older commits whose rollout a daemon did not live to tell of (R1.8, R4.3).
void Pass::tell_unfinished() {
  for (const CommitId& commit : unfinished_) {
    const bool told = commit == status_.commit ||
                      std::any_of(others_.begin(), others_.end(),
                                  [&](const PassStatus& other) { return other.commit == commit; });
    if (told) continue;
    PassStatus status;
    status.bucket = settings_.bucket;
    status.bucket_name = settings_.bucket_name;
    status.commit = commit;
    status.state = PassState::kSuperseded;
    status.cause = "recovery";
    status.started_at = deps_.clock.wall();
    status.remarks.push_back("superseded by " + status_.commit.str().substr(0, 12) +
                             ", before the daemon could tell how far it came");
    finish_status(status);
    others_.push_back(std::move(status));
  }
}

// The one exit of a pass: whatever happened, what is known is told.
void Pass::report() {
  memory_.phase.enter(Phase::kReport);
  try {
    if (planned_) {
      note_openings();
      forget_used_releases(deps_.store, deps_.journal.state());
      fold(status_, memory_.plan, memory_.jobs, !stopping_);
      tell_before_order(status_);
      // Nothing to do is not "applied" where nothing may be done.
      if (!memory_.authority.may_write() && !stopping_) {
        status_.state = PassState::kHeld;
        status_.remarks.push_back(std::string(to_string(memory_.authority.kind)) + ": " +
                                  explain(memory_.authority.reason()) + " (" + memory_.authority.detail +
                                  ")");
      }
      if (!overtaken_by_.empty()) {
        status_.state = PassState::kSuperseded;
        status_.remarks.push_back("superseded by " + overtaken_by_.str().substr(0, 12));
      }
      finish_status(status_);
      const bool settled = status_.state == PassState::kApplied;
      result_.converged = !result_.source_failed && memory_.store_problem.empty() && nothing_to_retry();
      if (result_.acted || is_news(status_)) {
        tell(EventKind::kPassFinished, note_text(status_), status_.commit);
        const bool write = writes_notes() && (settings_.notes == NotesMode::kAll ||
                                              (settings_.notes == NotesMode::kChanges && result_.acted));
        // The outbox first: a pass that is recorded has its note, whenever we die.
        if (write && !stopping_) leave_note(status_);
        record(status_);
      }
      tell_unfinished();
      deps_.journal.put_heads(memory_.judged->info.id,
                              settled ? status_.commit : deps_.journal.state().applied);
      if (others_.empty() || memory_.judged == memory_.accepted) memory_.status = status_;
    }
    for (const PassStatus& other : others_) {
      if (retold_ || is_news(other)) {
        if (settings_.notes != NotesMode::kOff && writes_notes()) leave_note(other);
        record(other);
      }
      if (other.commit == memory_.judged->info.id) {
        memory_.status = other;
        deps_.journal.put_heads(other.commit, deps_.journal.state().applied);
      }
    }
    // What the store did not take is judged by the next pass.
    if (planned_ && !stopping_ && memory_.store_problem.empty()) end_rollouts(deps_.store);
    publish_notes();
  } catch (const StoreError& error) {
    memory_.store_problem = error.what();
    result_.converged = false;
    tell(EventKind::kStoreProblem, error.what());
  }
  deps_.runner.release_connections();
  memory_.phase.enter(Phase::kIdle);
  deps_.control.changed();
}

// R4.4: what cannot be pushed waits in the outbox; it never fails a pass.
void Pass::publish_notes() {
  const std::vector<NoteSection> pending = deps_.store.pending_notes();
  memory_.notes_waiting = pending.size();
  if (pending.empty() || !writes_notes()) return;
  memory_.phase.enter(Phase::kPublish);
  deps_.control.changed();  // whoever reads a note finds the status saying the same
  try {
    deps_.lane.await([&] { deps_.notes.publish(pending); });
    for (const NoteSection& note : pending) deps_.store.drop_note(note);
    memory_.notes_waiting = 0;
    memory_.notes_problem.clear();
    tell(EventKind::kNotePublished, std::to_string(pending.size()) + " note(s) pushed",
         pending.back().commit);
  } catch (const SourceError& error) {
    if (memory_.notes_problem != error.what()) tell(EventKind::kNoteFailed, error.what());
    memory_.notes_problem = error.what();
    result_.converged = false;
  }
}

}  // namespace maand
