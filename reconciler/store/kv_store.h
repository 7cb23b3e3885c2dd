// The variables of a bucket on disk (R7.2): `secrets/kv.db`, one SQLite file
// apart from the rollout state, and `secrets/kv.key`, which seals the secrets in
// it. Whoever backs up one backs up both.
//
// A write that returned is on disk (WAL, synchronous=FULL); failures heal as
// those of the state store do (healing_file.h). The newest versions are held in
// memory: asking for a snapshot again costs one look at the log's counter, which
// also notices what another process wrote.
//
// A new key is made with the first secret, and only when nothing sealed is in
// the file: a lost key is told, never replaced (workspace.md 14-A 28). A key
// that is not the one of the secrets already there seals nothing.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "reconciler/core/values.h"

namespace maand {

struct KvStoreOptions {
  // How long a call waits for another process that holds the write lock. Longer
  // keeps every thread that wants a variable waiting.
  std::chrono::milliseconds busy_timeout{2000};
};

inline constexpr const char* kKvFile = "kv.db";
inline constexpr const char* kSecretKeyFile = "kv.key";

// `secrets_directory` must exist. Makes the file (0600) when there is none, and
// brings an older schema up. Throws StoreError. Hold the BucketLock.
std::unique_ptr<Values> open_kv_store(const std::filesystem::path& secrets_directory,
                                      const KvStoreOptions& options = {});

// For commands, also while the daemon writes. Makes and upgrades nothing; no
// file yet is an empty store; write and trim throw StoreError.
std::unique_ptr<Values> open_kv_store_readonly(const std::filesystem::path& secrets_directory,
                                               const KvStoreOptions& options = {});

}  // namespace maand
