// AppliedAllocation, its open operation and its file lists ⇄ rows.
//
// Every function runs inside the caller's transaction and throws what the session
// throws, or StoreError when a row cannot be what we wrote.
#pragma once

#include "reconciler/core/applied.h"

namespace maand {

class SqlSession;

// Inserts or replaces the allocation, its open operation (or that it has none)
// and the file lists both name.
void write_allocation(SqlSession& session, const AppliedAllocation& allocation);
void erase_allocation(SqlSession& session, const AllocationKey& key);
void write_job(SqlSession& session, const JobRecord& job);
// Replaces the whole table.
void write_ports(SqlSession& session, const PortTable& ports);

// Everything but what `bucket` holds. Equal lists share one FileSet.
void read_applied(SqlSession& session, AppliedState& state);

// Drops file lists that nothing names any more. Cost: one index look-up per list.
void collect_file_sets(SqlSession& session);

}  // namespace maand
