// What is done with one allocation: the table of restart.h, and what keeps from it
// although the table says so (R2.6, R3.4, R3.10).
#pragma once

#include "reconciler/core/plan.h"
#include "reconciler/core/restart.h"

namespace maand {

// `job` null: it has left. `head`: the commit that is judged.
Decision restrained(Decision decision, const DesiredJob* job, const AppliedAllocation* applied,
                    const CommitId& head);

// It is where only the content of the failed rollout places it. Then the older content that
// holds the job does not say that it left: it stays as it is (R2.6), and R1.7 applies.
bool placed_by_failed_rollout(const DesiredJob& job, const AppliedAllocation& applied);

// Of a job whose content is not known: R1.6, unknown is not "removed", and nothing is
// known that could run. What R1.7 asks of every job needs no content all the same.
// `listed`: its worker is in the workspace. One that left keeps what runs there as long as the job waits for
// what it needs elsewhere (R2.3).
Decision decide_without_content(const AppliedAllocation& applied, const DesiredJob& job, bool listed,
                                bool disabled);

// The decision with its versions, attempt, and the words of its sentence. `wanted` and
// `applied` are null as in situation_of().
PlannedAction action_of(const AllocationKey& key, const Decision& decision, const Wanted* wanted,
                        const AppliedAllocation* applied);

// The plan's decision for one allocation, also when it is to leave it alone; what
// `maand why` prints.
PlannedAction decide_one(const DesiredState& desired, const AppliedState& applied, const AllocationKey& key);

// What is disabled because an operator has drained its worker bears that reason.
Decision as_drained(Decision decision, const DesiredState& desired, const WorkerHost& worker);
// And the words of who did.
PlannedAction as_drained(PlannedAction action, const DesiredState& desired);

}  // namespace maand
