// The state store on one SQLite file: intent written before a worker is touched,
// fact after (R3.4, R7.1).
//
// Every write is one transaction that is on disk when the call returns (WAL,
// synchronous=FULL). A call that fails throws StoreError, closes the file, and
// the next call opens it again: a full disk or a lock that went away heals by
// itself (R7.4). One case does not: a file that was removed or replaced
// underneath is refused until the daemon is started again, because going on with
// another content would run confirmed targets a second time.
//
// One thread at a time. Hold the BucketLock of the bucket while writing.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "reconciler/core/ports.h"

namespace maand {

struct StateStoreOptions {
  // How long a call waits for another process that holds the write lock (only a
  // hand-opened sqlite3 shell does). Longer keeps the reconcile thread from its queue.
  std::chrono::milliseconds busy_timeout{2000};
};

// Opens `path`, making it (0600) when there is none, and brings an older schema
// up. Its directory must exist. Throws StoreError.
std::unique_ptr<Store> open_state_store(const std::filesystem::path& path,
                                        const StateStoreOptions& options = {});

// For commands, also while the daemon writes: sees what was committed before
// each call. Never makes or upgrades a file; every write throws StoreError.
std::unique_ptr<Store> open_state_store_readonly(const std::filesystem::path& path,
                                                 const StateStoreOptions& options = {});

// Passes that are kept; older ones are dropped as new ones come.
inline constexpr int kKeptPasses = 1000;

}  // namespace maand
