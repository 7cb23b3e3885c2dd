// What has drifted (R5.9) ⇄ rows: beside each allocation, in a table of its own, since
// most have nothing of it.
//
// As applied_rows.h: inside the caller's transaction.
#pragma once

#include "reconciler/store/applied_cells.h"

namespace maand {

// After the row of the allocation itself.
void write_drift(SqlSession& session, const AppliedAllocation& allocation);
// Into allocations that are there already.
void read_drifts(SqlSession& session, AppliedState& state);

}  // namespace maand
