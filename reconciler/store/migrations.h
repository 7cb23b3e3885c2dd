// How an older file of this room is brought up to the newest schema.
//
// The number is `PRAGMA user_version`; the file says whose it is by `PRAGMA
// application_id`, so that a database of another program is never written to.
#pragma once

#include <span>
#include <string_view>

namespace SQLite {
class Database;
}

namespace maand {

inline constexpr int kNewestSchema = 9;
inline constexpr int kApplicationId = 0x6d616e64;  // "mand"
inline constexpr int kNewestKvSchema = 1;
inline constexpr int kKvApplicationId = 0x6d616b76;  // "makv"

extern const char* const kSchemaSql;    // schema.sql, embedded at build
extern const char* const kKvSchemaSql;  // kv_schema.sql

// Takes a file from schema `to - 1` to `to`. Numbers are never reused or skipped.
struct Migration {
  int to = 0;
  std::string_view sql;
};

struct Schema {
  int newest = 0;
  std::string_view sql;                   // makes a new file at `newest`
  std::span<const Migration> migrations;  // ascending, up to `newest`
  int application_id = kApplicationId;
  // In sentences: what such a file is, and what to do when another one lies in its place.
  const char* what = "a maand state file";
  const char* instead = "move it away or point [state] url elsewhere";
};

// What this build uses.
Schema current_schema();  // data/state.db
Schema kv_schema();       // secrets/kv.db

// Makes or upgrades, in one transaction: either everything or nothing. Throws
// StoreError when the file is newer than `schema`, is not ours, or has no path
// up; SQLite::Exception when SQLite fails.
void bring_up(SQLite::Database& database, const Schema& schema);

// For readers, which must not write: throws StoreError unless the file is at exactly `schema.newest`.
void require_current(SQLite::Database& database, const Schema& schema);

}  // namespace maand
