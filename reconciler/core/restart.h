// The decision for one allocation: leave it, or which action, and why (R2.1).
//
// This file *is* the table of R2.1; tests/unit/core/restart_test.cc holds the
// truth table row by row.
#pragma once

#include "reconciler/core/applied.h"
#include "reconciler/core/model.h"
#include "reconciler/core/operation.h"
#include "reconciler/core/reason.h"
#include "reconciler/core/rendering.h"

namespace maand {

// Everything the decision looks at, as plain facts.
struct Situation {
  bool wanted = false;    // the workspace places the job on this worker
  bool disabled = false;  // disabled.json names it
  bool stopped_by_operator = false;
  bool unsettled = false;  // an operation was begun and its end is not known

  bool synced = false;   // files of ours lie there
  bool running = false;  // the last confirmed target is not `stop`
  bool may_run = false;  // not confirmed, but a start was begun and may have left something
  LastResult last = LastResult::kNone;
  Target last_target = Target::kNone;

  bool renamed = false;  // what lies there is still in the directory of the job it was before

  // Its target was confirmed, and whoever was to look at its health did not live to (R2.4).
  bool gate_owed = false;

  // R5.9: what lies there has drifted and is to be put right now; and it does not run.
  bool heal = false;
  bool not_running = false;

  bool files_differ = false;
  bool version_differs = false;
  RestartPolicy policy = RestartPolicy::kAlways;
  bool glob_matched = false;   // a changed or drifted path matches restart_globs
  bool value_changed = false;  // same content of the job, and a value its templates read is another one
  bool certificates_changed = false;  // of that, nothing but files below `certs/` differs
  // Same content, same values, same version: digests differ because maand itself
  // makes files otherwise than it did (R1.10).
  bool uncaused = false;
};

struct Decision {
  Action action = Action::kNone;
  Reason reason = Reason::kUnchanged;
  bool then_remove = false;  // the stop is followed by the removal of the shipped files
  friend bool operator==(const Decision&, const Decision&) = default;
};

Decision decide(const Situation& situation);

// What an allocation that is wanted shall have. Refers to both.
struct Wanted {
  const Job& job;
  const AllocationContent& content;
};

// The facts of an allocation. `wanted` is null when it is not; `applied` is null
// when it was never touched. A changed path is looked up only when policy and
// globs make it matter.
Situation situation_of(const Wanted* wanted, const AppliedAllocation* applied, bool disabled);

// Files and version are what was last confirmed (a recorded baseline counts, R1.10).
bool files_differ(const AllocationContent& content, const AppliedAllocation& applied);
bool version_differs(const Job& job, const AppliedAllocation& applied);

// Paths that differ, and those of them that match the job's restart_globs, in order.
std::vector<std::string> differing_paths(const Wanted& wanted, const AppliedAllocation& applied);
std::vector<std::string> restart_matches(const Wanted& wanted, const AppliedAllocation& applied);

}  // namespace maand
