// AppliedAllocation, its open operation and its file lists ⇄ rows.
//
// Every function runs inside the caller's transaction and throws
// SQLite::Exception, or StoreError when a row cannot be what we wrote.
#pragma once

#include "reconciler/core/applied.h"

namespace maand {

class SqliteFile;

// Inserts or replaces the allocation, its open operation (or that it has none)
// and the file lists both name.
void write_allocation(SqliteFile& file, const AppliedAllocation& allocation);
void erase_allocation(SqliteFile& file, const AllocationKey& key);
void write_job(SqliteFile& file, const JobRecord& job);
// Replaces the whole table.
void write_ports(SqliteFile& file, const PortTable& ports);

// Everything but what `bucket` holds. Equal lists share one FileSet.
void read_applied(SqliteFile& file, AppliedState& state);

// Drops file lists that nothing names any more. Cost: one index look-up per list.
void collect_file_sets(SqliteFile& file);

}  // namespace maand
