// Where a bucket keeps its state and its variables: files of its own, or PostgreSQL ([state] url).
// Everything throws StoreError.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "reconciler/cli/bucket.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/values.h"
#include "reconciler/store/postgres_store.h"

namespace maand {

bool in_postgres(const Bucket& bucket);
// REQUIRES: in_postgres. What it refers to is in `bucket`.
PostgresBucket postgres_of(const Bucket& bucket, std::shared_ptr<Leadership> leadership = nullptr);
// For people: the file, or the server without its password.
std::string state_place(const Bucket& bucket);
// Of the file; 0 in PostgreSQL, which has other things to say about itself.
std::int64_t state_bytes(const Bucket& bucket);

// Hold the bucket's lock. In PostgreSQL that is not enough, since another host may have it: throws
// CommandError(kExitNoDaemon) then.
std::unique_ptr<Store> open_state(const Bucket& bucket, std::shared_ptr<Leadership> leadership = nullptr);
// Null: nothing was ever kept. For commands, also beside a daemon.
std::unique_ptr<Store> open_state_if_any(const Bucket& bucket);
// The same, to keep an order in the audit and write nothing else.
std::unique_ptr<Store> open_audit_if_any(const Bucket& bucket);

// `patience`: with another process that writes the file.
std::unique_ptr<Values> open_values(const Bucket& bucket,
                                    std::chrono::milliseconds patience = std::chrono::seconds(2),
                                    std::shared_ptr<Leadership> leadership = nullptr);
std::unique_ptr<Values> open_values_readonly(const Bucket& bucket);
bool has_values(const Bucket& bucket);

// For what works on the files themselves. Throws CommandError(kExitUsage) for a bucket in PostgreSQL:
// `what` does not do that, do `instead`.
void require_files(const Bucket& bucket, const std::string& what, const std::string& instead);

}  // namespace maand
