// The tables of one bucket in PostgreSQL: made, brought up, and who may write them.
//
// Besides what schema.sql has there is `maand_store`, one row: whose tables these are and their
// schema's number (what `application_id` and `user_version` are in a file), how often anybody
// committed, and the term: a number that rises whenever somebody begins to write the bucket.
//
// Included by the .cc files of this folder only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "reconciler/store/migrations.h"
#include "reconciler/store/postgres_session.h"

namespace maand {

enum class PostgresTables { kNone, kThere };

// Makes or upgrades the tables, in one transaction. Throws StoreError when they are newer than `schema`,
// are not ours, or have no path up.
void bring_up(PostgresSession& session, const std::string& schema_name, const PostgresAddress& address,
              const Schema& schema);
// For readers. Throws StoreError when what is there is of another schema than `schema.newest`.
PostgresTables look_at(PostgresSession& session, const std::string& schema_name,
                       const PostgresAddress& address, const Schema& schema);

// One writer per bucket, wherever it runs: a lock of the session, gone with it however it ends. What
// bucket_lock.h is among the processes of one host. Throws BucketBusy, which names the one that has it.
void take_bucket(PostgresSession& session, const std::string& schema_name, const PostgresAddress& address);
// The server's process of a session, told from a later one that has its number.
struct ServerProcess {
  std::string pid, began;
};
ServerProcess server_process(PostgresSession& session);
// Ends it where it still runs: a connection that broke here may live on there, with all it holds.
void end_process(PostgresSession& session, const ServerProcess& process);

// In words, who has it; nullopt: nobody.
std::optional<std::string> bucket_holder(PostgresSession& session, const std::string& schema_name);
// REQUIRES: take_bucket.
std::int64_t raise_term(PostgresSession& session);
std::int64_t current_term(PostgresSession& session);

}  // namespace maand
