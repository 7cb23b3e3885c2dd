// desired − applied → what to do, in which order, and why. Pure.
//
// A Plan holds only what is to be done or worth telling; unchanged allocations
// are counted. Cost: one merge over both sorted sides, no allocation of memory
// for an allocation that is unchanged.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/desired.h"
#include "reconciler/core/job_plan.h"
#include "reconciler/core/model.h"
#include "reconciler/core/port_table.h"
#include "reconciler/core/reason.h"
#include "reconciler/core/removal_trailer.h"
#include "reconciler/core/suspension.h"
#include "reconciler/core/windows/closure.h"

namespace maand {

// What connections look like where a worker does not say otherwise: `[ssh]` of maand.conf.
struct SshDefaults {
  int port = 22;
  std::string user = "agent";
  std::string key = "worker.key";
  std::string jump;
  bool use_sudo = false;
};
Endpoint endpoint_of(const Worker& worker, const SshDefaults& defaults);

struct PlanSettings {
  SshDefaults ssh;
  // R5.1: above this share of the running allocations (0..1), or above this number of
  // them where there is one, stops are held, once more than `removals_free` run.
  double max_removals = 0.5;
  std::optional<int> max_removals_count;
  int removals_free = 4;
  Seconds lifecycle_timeout{600};             // of a target whose manifest names no other
  std::set<AllocationKey> released_removals;  // `maand release`: these stops, and no others
  bool all_removals_released = false;         // `maand release` of the commit that is planned
  AllowedRemovals allowed_removals;           // by trailers of its commits
  Suspensions suspended;                      // R5.5
  Closures closed;                            // R5.6, as of now
  // R3.12, R7.3: no worker may be written to, and why.
  std::optional<std::pair<Reason, std::string>> withheld;
  std::set<WorkerHost> abandoned;  // R3.9: removals there are told of and not begun
  // Jobs of which nothing begins before the end of something else is known, and of what (R3.4).
  std::map<JobName, std::string> unsettled;
  // Jobs whose rollout with this tree began and whose hooks have not all run since: post_deploy
  // comes, and job_control comes again, also where nothing differs any more.
  std::map<JobName, TreeId> owed_hooks;
};

struct Plan {
  CommitId commit;
  // Jobs with actions, held jobs, and the upstreams of both; sorted by name.
  std::map<JobName, JobPlan> jobs;
  // Allocations whose files differ without a cause (R1.10): recorded, not acted on.
  std::vector<std::pair<AllocationKey, Digest>> baselines;
  std::vector<PlannedAction> waiting;  // allocations left alone for a reason worth telling (kUnsettled, …)
  std::size_t unchanged = 0;
  // R5.1: the stops that are above the budget, released or not; what a release records. Sorted.
  std::vector<AllocationKey> stops_over_budget;

  bool has_actions() const;
  bool heals() const;  // something that drifted is put right (R5.9)
};

// The plan. Deterministic: the same input gives the same plan, in the same order.
Plan make_plan(const DesiredState& desired, const AppliedState& applied, const PlanSettings& settings);

}  // namespace maand
