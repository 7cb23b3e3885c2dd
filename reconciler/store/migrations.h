// How an older state file is brought up to the newest schema.
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

inline constexpr int kNewestSchema = 1;
inline constexpr int kApplicationId = 0x6d616e64;  // "mand"

extern const char* const kSchemaSql;  // schema.sql, embedded at build

// Takes a file from schema `to - 1` to `to`. Numbers are never reused or skipped.
struct Migration {
  int to = 0;
  std::string_view sql;
};

struct Schema {
  int newest = 0;
  std::string_view sql;                   // makes a new file at `newest`
  std::span<const Migration> migrations;  // ascending, up to `newest`
};

// What this build uses.
Schema current_schema();

// Makes or upgrades, in one transaction: either everything or nothing. Throws
// StoreError when the file is newer than `schema`, is not ours, or has no path
// up; SQLite::Exception when SQLite fails.
void bring_up(SQLite::Database& database, const Schema& schema);

// For readers, which must not write: throws StoreError unless the file is at exactly `schema.newest`.
void require_current(SQLite::Database& database, const Schema& schema);

}  // namespace maand
