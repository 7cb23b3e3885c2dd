// The record of an allocation as it travels with every operation and is kept by the
// worker: what the store held when the operation was begun. With the operation's
// receipt it says all that the store would say (R7.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reconciler/core/applied.h"

namespace maand {

// One line of JSON and a newline; holds digests, never the bytes of a file. `store`
// names the store it comes from. REQUIRES: torn.open. Of the files, the list that lies
// there afterwards; what lay there before is not kept.
std::string allocation_record(const AppliedAllocation& torn, const std::string& store);

struct AllocationRecord {
  std::string store;
  AppliedAllocation torn;  // without endpoints; `key` and `open` as they were
};
// nullopt: it is not what allocation_record() wrote, or a part of it. Any bytes are safe.
std::optional<AllocationRecord> allocation_record_from(std::string_view text);

}  // namespace maand
