// AppliedState as text: every field of every record, one line each, so that a
// test compares two states and a failure shows which field differs.
#pragma once

#include <string>

#include "reconciler/core/applied.h"

namespace maand {

std::string to_text(const AppliedAllocation& allocation);
std::string to_text(const JobRecord& job);
std::string to_text(const AppliedState& state);

// Records in which no field has its default value, so that one that is not kept
// is noticed. `n` makes them differ from one another.
FileSetPtr sample_files(int n);
Operation sample_operation(const AllocationKey& key, int n);
AppliedAllocation sample_allocation(const AllocationKey& key, int n);  // without an open operation
JobRecord sample_job(const JobName& name, int n);

}  // namespace maand
