// Which hooks a job has for the events of its rollout, and one round of them: what the
// rollout machine hands out beside its steps on workers.
#pragma once

#include <string>
#include <vector>

#include "reconciler/core/hook.h"
#include "reconciler/core/ids.h"

namespace maand {

// Events of a rollout that some command of the job is there for.
struct JobHooks {
  bool control = false;  // job_control: they bring it up, and no target does
  bool started = false;
  bool stopped = false;
  bool health = false;
  bool post_deploy = false;
  bool post_deploy_owed = false;  // an earlier pass rolled this content out and did not get to them
  bool ordered = false;           // `rollout_order` decides who comes first

  // Only of an operator's order (order_plan.h), whose job_control hooks stand in for this target: TARGET.
  const char* target = "";
  bool control_ran = false;  // they have run, for whoever began it and did not live to confirm it

  bool any() const { return control || started || stopped || health || post_deploy; }
};

// One event, for allocations of one job: every command of the event runs for each.
struct HookRound {
  JobName job;
  HookEvent event = HookEvent::kPostDeploy;
  std::vector<AllocationKey> members;
  // Of the batch (workspace.md 9.5), only kStarted and kStopped.
  const char* phase = "";  // DEPLOY_PHASE: new, update or stop
  int batch_index = 0;     // from 0
  int batch_count = 0;
  std::vector<AllocationKey> order;  // ROLLOUT_ORDER; empty for a stop
  bool order_from_kv = false;        // ROLLOUT_ORDER_SOURCE
  // Only kJobControl. TARGET: what somebody asked for by hand; empty: it is a rollout, with the other two.
  std::string target;
  std::vector<AllocationKey> fresh;    // NEW_ALLOCATIONS
  std::vector<AllocationKey> updated;  // UPDATED_ALLOCATIONS
};

// How a round ended, over all its commands and allocations.
struct HookRoundEnd {
  enum class Kind { kDone, kFailed, kCancelled };
  Kind kind = Kind::kDone;
  std::string detail;  // kFailed: every failure, as words for people
};

}  // namespace maand
