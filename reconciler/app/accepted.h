// What is converged to when nothing newer may be: the commit that was accepted last.
//
// Reconcile thread. All throw StoreError.
#pragma once

#include <functional>

#include "reconciler/app/inbox.h"
#include "reconciler/app/journal.h"
#include "reconciler/app/judge.h"
#include "reconciler/core/ports.h"

namespace maand {

struct JudgingDeps {
  Inbox& inbox;
  Judge& judge;
  Store& store;
  const Journal& journal;
  Clock& clock;
  Observer& observer;
  std::function<void()> while_waiting;  // about once a second
};

// On the lane; what arrives meanwhile is served. Throws SourceError.
JudgedPtr judge_and_wait(const JudgingDeps& deps, const CommitId& commit, const AdmissionRules& rules);

// What an earlier process converged to goes on, also where it had not come to its end. What was
// applied before it would undo half of it, and comes only where there is nothing else. Null: none
// can be read, or there never was one.
JudgedPtr accepted_before(const JudgingDeps& deps);

// The commit that was converged to last; empty: none was.
CommitId kept_accepted(Store& store);
void keep_accepted(Store& store, const CommitId& commit);

}  // namespace maand
