// A bucket made by `maand init` over a real repository, for commands that look at it.
#pragma once

#include <filesystem>
#include <memory>

#include "reconciler/store/state_store.h"
#include "tests/support/git_server.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/cli/maand.h"

namespace maand::testing {

inline const CommitId kOldCommit{std::string(40, '1')};

class MadeBucket {
 public:
  MadeBucket() {
    const ProgramResult made = maand({"init", "--repo", git.file_url(), "--bucket-id", "b1", path()});
    if (made.status != 0) throw std::runtime_error(made.err);
  }

  std::filesystem::path path() const { return directory_.path() / "prod"; }
  std::filesystem::path data() const { return path() / "data"; }
  std::unique_ptr<Store> store() const { return open_state_store(data() / "state.db"); }
  ProgramResult run(std::vector<std::string> arguments) const { return maand(std::move(arguments), path()); }

  GitServer git;

 private:
  TempDir directory_;
};

inline AppliedAllocation running(const char* job, const char* worker, const char* version) {
  AppliedAllocation allocation;
  allocation.key = {JobName(job), WorkerHost(worker)};
  allocation.endpoint.host = WorkerHost(worker);
  allocation.endpoint.address = worker;
  allocation.running = true;
  allocation.version = version;
  allocation.files = empty_file_set();
  allocation.last = LastResult::kConfirmed;
  allocation.last_target = Target::kStart;
  allocation.commit = kOldCommit;
  return allocation;
}

}  // namespace maand::testing
