#include "reconciler/app/accepted.h"

#include <exception>
#include <string>
#include <utility>

namespace maand {
namespace {

constexpr const char* kAccepted = "accepted";  // setting

}  // namespace

JudgedPtr judge_and_wait(const JudgingDeps& deps, const CommitId& commit, const AdmissionRules& rules) {
  JudgedPtr judged;
  bool done = false;
  std::exception_ptr error;
  deps.judge.start(commit, deps.journal.state(), rules, [&](JudgedPtr fresh, std::exception_ptr failure) {
    judged = std::move(fresh);
    error = failure;
    done = true;
  });
  while (!done) {
    deps.inbox.serve(deps.clock.now() + std::chrono::seconds(1));
    deps.while_waiting();
  }
  if (error) std::rethrow_exception(error);
  return judged;
}

JudgedPtr accepted_before(const JudgingDeps& deps) {
  for (const CommitId& commit : {kept_accepted(deps.store), deps.journal.state().applied}) {
    if (commit.empty()) continue;
    try {
      JudgedPtr judged = judge_and_wait(deps, commit, {});
      if (judged->acceptable()) return judged;
    } catch (const SourceError& error) {
      deps.observer.on(
          Event{.kind = EventKind::kNotice,
                .commit = commit,
                .text = std::string("the commit that was converged to cannot be read: ") + error.what()});
    }
  }
  return nullptr;
}

CommitId kept_accepted(Store& store) { return CommitId(store.setting(kAccepted).value_or("")); }

void keep_accepted(Store& store, const CommitId& commit) { store.put_setting(kAccepted, commit.str()); }

}  // namespace maand
