// What a bucket keeps, in PostgreSQL: the state (core/ports.h) and the variables (core/values.h), in
// a schema each (R7.2). `secrets/kv.key` stays a file of the bucket.
//
// As state_store.h and kv_store.h: a write that returned is durable there (synchronous_commit), one
// that threw is there whole or not at all, and a call that failed is followed by one that connects
// anew. Every call ends within about 40 s, whatever the network does; looking up the server's name
// takes what the resolver takes.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "reconciler/core/ports.h"
#include "reconciler/core/values.h"
#include "reconciler/store/leadership.h"

namespace maand {

struct PostgresBucket {
  std::string_view url;             // [state] url
  std::string_view bucket_id;       // names the schemas
  std::filesystem::path directory;  // of the bucket
  std::filesystem::path secrets;    // with kv.key
  // Of a daemon that asks the store for something every few seconds: where nothing is heard of it for 20 s,
  // the server ends its session, and the bucket is free.
  std::shared_ptr<Leadership> leadership = nullptr;
};

// Makes the tables when there are none. From now on the bucket is ours as long as it lives: a second
// one throws BucketBusy, which names the first. Throws StoreError.
std::unique_ptr<Store> open_postgres_store(const PostgresBucket& bucket);
// For commands, also while a daemon writes. Makes and upgrades nothing; every write throws StoreError.
// Without tables the first throws StoreError, the second is null.
std::unique_ptr<Store> open_postgres_store_readonly(const PostgresBucket& bucket);
std::unique_ptr<Store> open_postgres_store_if_any(const PostgresBucket& bucket);
// Beside whoever has the bucket, for the audit alone: it does not keep anybody from writing the same.
std::unique_ptr<Store> open_postgres_audit(const PostgresBucket& bucket);

// Several processes may write variables, one after the other. With `leadership`, whose store is open then,
// only for as long as it leads.
std::unique_ptr<Values> open_postgres_values(const PostgresBucket& bucket);
// No tables yet are an empty store; write and trim throw StoreError.
std::unique_ptr<Values> open_postgres_values_readonly(const PostgresBucket& bucket);

}  // namespace maand
