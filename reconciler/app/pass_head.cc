// What a pass converges to: the head of the branch as far as it may be applied (R1.2 to R1.5),
// what the bucket is pinned to (R5.4), or what was accepted before.
#include <utility>

#include "reconciler/app/pass.h"
#include "reconciler/app/releases.h"
#include "reconciler/app/unfinished.h"

namespace maand {
namespace {

constexpr const char* kKeptAccepted = "+accepted";  // `+` is in no job name

}  // namespace

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
    if (!memory_.judged) {  // a rollout that was begun is not undone by what came before it
      const std::vector<CommitId> begun = unfinished_rollouts(deps_.store);
      memory_.source.remote_head = begun.empty() ? deps_.journal.state().head : begun.back();
    }
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

JudgedPtr Pass::judge_now(const CommitId& commit, const AdmissionRules& rules) {
  return judge_and_wait(judging(), commit, rules);
}

JudgingDeps Pass::judging() {
  return {deps_.inbox, deps_.judge, deps_.store, deps_.journal, deps_.clock, deps_.observer, [this] {
            deps_.control.stop_requested();
          }};
}

// History and signature policy, then the workspace. False: nothing is converged to.
bool Pass::judge_head() {
  const CommitId head = memory_.source.remote_head;
  JudgedPtr judged = memory_.judged;
  const bool held = judged && !judged->admission.admitted();  // may have been let through since
  const bool moved = !judged || (!head.empty() && judged->info.id != head);
  if (moved || held) {
    const CommitId commit = head.empty() ? judged->info.id : head;
    memory_.phase.enter(Phase::kJudge, commit.str().substr(0, 12));
    judged_anew_ = moved;
    judged = judge_now(commit, admission_rules());
  }
  memory_.judged = judged;
  if (judged->acceptable() && !kept_from(*judged) && passes_post_build(judged)) {
    take_over(judged);
    return true;
  }
  refuse(judged);
  if (const Pin* pin = kept_from(*judged)) accept_pinned(*pin);
  if (!memory_.accepted) memory_.accepted = accepted_before(judging());
  if (!memory_.accepted) return false;
  // It was accepted while no hook might run, and owes its post_build: nothing goes on without them.
  if (memory_.accepted->info.id == judged->info.id && judged->acceptable() && !kept_from(*judged))
    return false;
  // What was accepted before goes on converging: a refused commit stops nothing (R1.3).
  take_over(memory_.accepted);
  return true;
}

// R5.4: the bucket is pinned, and to another commit.
const Pin* Pass::kept_from(const Judged& judged) const {
  const Pin* pin = memory_.pinned.own({});
  return pin && pin->commit != judged.info.id ? pin : nullptr;
}

// What is older than what is applied is meant to be; signatures are asked for all the same.
void Pass::accept_pinned(const Pin& pin) {
  if (memory_.accepted && memory_.accepted->info.id == pin.commit) return;
  AdmissionRules rules = admission_rules();
  rules.hold_rewritten = false;
  std::string why;
  try {
    memory_.phase.enter(Phase::kJudge, pin.commit.str().substr(0, 12));
    const JudgedPtr judged = judge_now(pin.commit, rules);
    if (judged->acceptable()) {
      memory_.accepted = judged;
      judged_anew_ = true;
      return;
    }
    why = judged->admission.admitted() ? "its workspace is refused" : judged->admission.sentence;
  } catch (const SourceError& error) {
    why = error.what();
  }
  tell(EventKind::kNotice, "the commit that the bucket is pinned to cannot be applied: " + why, pin.commit);
}

void Pass::take_over(const JudgedPtr& judged) {
  memory_.accepted = judged;
  told_problems_.clear();
  status_ = new_status(*judged);
  if (kept_accepted(deps_.store) != judged->info.id) {
    keep(kKeptAccepted, judged->info.id);
    keep_accepted(deps_.store, judged->info.id);
  }
  if (deps_.meter) deps_.meter->commit_accepted(*judged);
}

AdmissionRules Pass::admission_rules() const {
  return {settings_.verify, settings_.hold_rewritten_history, released_commit(deps_.store),
          unsigned_release(deps_.store)};
}

void Pass::refuse(const JudgedPtr& judged) {
  PassStatus status = new_status(*judged);
  std::string held = judged->admission.admitted() ? "" : judged->admission.sentence;
  if (const Pin* pin = kept_from(*judged); pin && judged->acceptable())
    held = "the bucket is pinned " + sentence(*pin);
  if (held.empty() && memory_.hooks.post_build_of == judged->info.id)
    held = memory_.hooks.post_build_failure + "; push what mends it, or try again with `maand reconcile`";
  if (held.empty()) held = post_build_waits_;
  status.state = held.empty() ? PassState::kRefused : PassState::kHeld;
  if (!held.empty())
    status.diagnostics.insert(status.diagnostics.begin(), {Severity::kError, "held", "", held, ""});
  finish_status(status);
  // The same state for another reason has another way out.
  retold_ = memory_.status && memory_.status->commit == status.commit &&
            memory_.status->state == status.state && memory_.status->diagnostics != status.diagnostics;
  if (retold_ || is_news(status)) tell(EventKind::kCommitRefused, note_text(status), status.commit);
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
  const auto& more = judged.admission.remarks;
  status.remarks.insert(status.remarks.end(), more.begin(), more.end());
  const auto& wrong = judged.allowed_removals.wrong;
  status.remarks.insert(status.remarks.end(), wrong.begin(), wrong.end());
  return status;
}

}  // namespace maand
