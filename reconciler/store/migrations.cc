#include "reconciler/store/migrations.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Transaction.h>

#include <string>

#include "reconciler/core/ports.h"

namespace maand {
namespace {

// Each with a test that an old file brought up equals a new one.
constexpr Migration kMigrations[] = {
    {2, "ALTER TABLE allocations ADD COLUMN confirmed_at_ns INTEGER NOT NULL DEFAULT 0"},
    // What runs was started with the numbers that were on record then.
    {3,
     "ALTER TABLE allocations ADD COLUMN holds TEXT NOT NULL DEFAULT '';"
     "ALTER TABLE operations ADD COLUMN ports TEXT NOT NULL DEFAULT '';"
     "UPDATE allocations SET holds = coalesce((SELECT group_concat(number, ' ') FROM"
     " (SELECT DISTINCT number FROM ports WHERE ports.job = allocations.job ORDER BY number)), '')"
     " WHERE running;"},
    // Ends at the text of schema.sql.
    {4,
     "CREATE TABLE letters ("
     "id INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, subject TEXT NOT NULL, json TEXT NOT NULL,"
     " created_at_ns INTEGER NOT NULL, refusals INTEGER NOT NULL, not_before_ns INTEGER NOT NULL,"
     " UNIQUE (channel, subject)) STRICT"},
    // Whoever has an allocation was spoken to by this store, so that its records are known.
    {5,
     "ALTER TABLE allocations ADD COLUMN moved_from TEXT NOT NULL DEFAULT '';"
     "CREATE TABLE workers ("
     " host TEXT PRIMARY KEY, instance TEXT NOT NULL, adopt_marker INTEGER NOT NULL, was TEXT NOT NULL,"
     " away_ns INTEGER NOT NULL, tried_ns INTEGER NOT NULL) STRICT;"
     "INSERT INTO workers SELECT DISTINCT worker, '', 0, '', 0, 0 FROM allocations;"},
    // The way back from a rollout, its bake, and what failed (R2.9, R5.2, R5.3).
    {6,
     "CREATE TABLE ways_back (job TEXT NOT NULL, worker TEXT NOT NULL, kept INTEGER NOT NULL,"
     " running INTEGER NOT NULL, version TEXT NOT NULL, files TEXT REFERENCES file_sets (list_id),"
     " rendered_values TEXT NOT NULL, rendered_version TEXT NOT NULL, rendered_seq INTEGER NOT NULL,"
     " baseline TEXT NOT NULL, commit_id TEXT NOT NULL, tree TEXT NOT NULL, ports_held TEXT NOT NULL,"
     " rolled_back_from TEXT NOT NULL, PRIMARY KEY (job, worker),"
     " FOREIGN KEY (job, worker) REFERENCES allocations (job, worker) ON DELETE CASCADE) STRICT;"
     "CREATE INDEX ways_back_files ON ways_back (files);"
     "CREATE TABLE job_rollouts (job TEXT PRIMARY KEY REFERENCES jobs (job) ON DELETE CASCADE,"
     " rollback TEXT NOT NULL, failed_version TEXT NOT NULL, failures INTEGER NOT NULL,"
     " bake_tree TEXT NOT NULL, bake_left_ms INTEGER NOT NULL) STRICT;"
     "CREATE TABLE failed_keys (job TEXT NOT NULL REFERENCES jobs (job) ON DELETE CASCADE,"
     " position INTEGER NOT NULL, tree TEXT NOT NULL, commit_id TEXT NOT NULL, reason TEXT NOT NULL,"
     " detail TEXT NOT NULL, since_ns INTEGER NOT NULL, rolled_back INTEGER NOT NULL,"
     " PRIMARY KEY (job, position)) STRICT;"},
    // What has drifted (R5.9), and how long what an operator stopped stays so (R5.7).
    {7,
     "ALTER TABLE allocations ADD COLUMN stopped_since_ns INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE allocations ADD COLUMN stopped_until_ns INTEGER NOT NULL DEFAULT 0;"
     "CREATE TABLE drifts (job TEXT NOT NULL, worker TEXT NOT NULL, kind TEXT NOT NULL, paths TEXT NOT NULL,"
     " more INTEGER NOT NULL, detail TEXT NOT NULL, since_ns INTEGER NOT NULL, heal INTEGER NOT NULL,"
     " healed_at_ns INTEGER NOT NULL, PRIMARY KEY (job, worker),"
     " FOREIGN KEY (job, worker) REFERENCES allocations (job, worker) ON DELETE CASCADE) STRICT;"},
    // What a store that was put back does not know (R7.3). Of what ran before nothing was kept.
    {8,
     "ALTER TABLE bucket ADD COLUMN forgotten_seq INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE allocations ADD COLUMN ran_seq INTEGER NOT NULL DEFAULT 0;"
     "UPDATE bucket SET forgotten_seq = last_seq;"
     "UPDATE allocations SET ran_seq = (SELECT last_seq FROM bucket);"},
    // One number for all that is gone let what another store did elsewhere pass for ours.
    {9,
     "ALTER TABLE bucket RENAME COLUMN forgotten_seq TO claimed_seq;"
     "CREATE TABLE forgotten (job TEXT NOT NULL, worker TEXT NOT NULL, ran_seq INTEGER NOT NULL,"
     " PRIMARY KEY (job, worker)) STRICT;"},
};
constexpr std::span<const Migration> kKvMigrations;

int pragma(SQLite::Database& database, const char* name) {
  return database.execAndGet(std::string("PRAGMA ") + name).getInt();
}

// The schema number of a file that is ours; 0 for an empty one. Refuses others.
int schema_of(SQLite::Database& database, const Schema& schema) {
  const int application = pragma(database, "application_id");
  const int number = pragma(database, "user_version");
  const int tables = database.execAndGet("SELECT count(*) FROM sqlite_master").getInt();
  if (application == 0 && number == 0 && tables == 0) return 0;
  const std::string file = database.getFilename();
  if (application != schema.application_id) {
    throw StoreError(file + " is a database of another program or purpose, not " + schema.what + "; " +
                     schema.instead);
  }
  if (number > schema.newest) {
    throw StoreError(
        file + " has schema " + std::to_string(number) + ", this maand knows schemas up to " +
        std::to_string(schema.newest) +
        "; it was written by a newer maand: run that version, or restore a backup made by this one");
  }
  return number;
}

}  // namespace

Schema current_schema() { return {.newest = kNewestSchema, .sql = kSchemaSql, .migrations = kMigrations}; }

Schema kv_schema() {
  return {.newest = kNewestKvSchema,
          .sql = kKvSchemaSql,
          .migrations = kKvMigrations,
          .application_id = kKvApplicationId,
          .what = "maand's store of variables",
          .instead = "move it away and put the right file there"};
}

void bring_up(SQLite::Database& database, const Schema& schema) {
  // Read before any lock is taken: the usual file is up to date already.
  if (schema_of(database, schema) == schema.newest) return;
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  int number = schema_of(database, schema);
  if (number == 0) {
    database.exec(std::string(schema.sql));
    number = schema.newest;
  }
  for (const Migration& migration : schema.migrations) {
    if (migration.to != number + 1) continue;
    database.exec(std::string(migration.sql));
    number = migration.to;
  }
  if (number != schema.newest) {
    throw StoreError(database.getFilename() + " has schema " + std::to_string(number) +
                     " and no step leads from there to " + std::to_string(schema.newest) +
                     "; run a version in between first");
  }
  database.exec("PRAGMA application_id = " + std::to_string(schema.application_id));
  database.exec("PRAGMA user_version = " + std::to_string(number));
  transaction.commit();
}

void require_current(SQLite::Database& database, const Schema& schema) {
  const int number = schema_of(database, schema);
  if (number == schema.newest) return;
  throw StoreError(database.getFilename() + " has schema " + std::to_string(number) +
                   " and this maand reads schema " + std::to_string(schema.newest) +
                   "; start the daemon once, it brings the file up");
}

}  // namespace maand
