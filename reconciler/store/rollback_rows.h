// What going back from a rollout needs (R2.9, R5.2, R5.3) ⇄ rows: beside each
// allocation and each job, in tables of their own, since most have nothing of it.
//
// As applied_rows.h: inside the caller's transaction.
#pragma once

#include "reconciler/store/applied_cells.h"

namespace maand {

// After the row of the allocation itself.
void write_way_back(SqlSession& session, const AppliedAllocation& allocation);
// After the row of the job itself.
void write_job_rollout(SqlSession& session, const JobRecord& job);

// Into allocations and jobs that are there already.
void read_ways_back(SqlSession& session, const Sets& sets, AppliedState& state);
void read_job_rollouts(SqlSession& session, AppliedState& state);

}  // namespace maand
