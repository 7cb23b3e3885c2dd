// What the targets of a fault story really did: one file for all workers, appended to
// line by line, so that its order is the order of things, whatever a clock says.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "reconciler/core/operation.h"

namespace maand::testing {

// One target began, or ended. It found its operation as the newest on its worker.
struct LedgerEntry {
  bool begins = false;
  AllocationKey allocation;
  OperationId operation;
  std::uint64_t seq = 0;
  // When it begins:
  Action action = Action::kNone;
  std::string current_version, new_version, previous;
  std::string content;  // JobContent::told() of the files that lay there
  // When it ends:
  bool failed = false;

  std::string line;  // as it stands there
};

// Makefile of a job whose targets write into `ledger`, and the same line into data/events.
// The worker's root has a file `name`.
std::string ledger_makefile(const std::string& job, const std::string& ledger);

// Whole lines from byte `from` on, which is moved behind them. Throws
// std::runtime_error for a line that is none of ours.
std::vector<LedgerEntry> read_ledger(const std::filesystem::path& ledger, std::size_t& from);

}  // namespace maand::testing
