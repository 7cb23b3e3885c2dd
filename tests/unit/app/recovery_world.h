// A daemon with an empty or an older store, and workers that know more (R7.3).
#pragma once

#include <string>
#include <vector>

#include "reconciler/app/recovery.h"
#include "tests/support/loop_world.h"

namespace maand::testing {

using Runs = std::vector<std::string>;

inline FakeFileView two_jobs(const std::string& version = "1.0.0", int workers = 2) {
  return LoopWorld::workspace(workers, {{"api", version}, {"db", "1.0.0"}});
}

// A daemon with an empty store and the workers, and the repository, of another one.
struct Fresh : LoopWorld {
  explicit Fresh(LoopWorld& before, PassSettings settings = usual()) : LoopWorld(std::move(settings)) {
    source = before.source;
    runner.workers = before.runner.workers;
    runner.kept = before.runner.kept;
  }
};

// A daemon with a backup of another one's store, taken now.
struct Restored : LoopWorld {
  explicit Restored(LoopWorld& before) {
    source = before.source;
    runner.workers = before.runner.workers;
    store = before.store;
    journal.reload();
  }
  // Finds workers and repository as the other one has left them meanwhile.
  void wake(const LoopWorld& before) {
    runner.workers = before.runner.workers;
    source = before.source;
  }
};

inline std::string authority(LoopWorld& world) { return to_string(world.reconciler.memory().authority.kind); }

}  // namespace maand::testing
