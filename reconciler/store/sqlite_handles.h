// One open file: connection, pragmas, prepared statements, and the words
// for what went wrong. Included by the .cc files of this folder only.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "reconciler/core/ports.h"
#include "reconciler/store/migrations.h"

namespace maand {

// Which file a path named when it was opened first.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
std::optional<FileIdentity> identity_of(const std::filesystem::path& path);

// Binds columns one after the other: statements of twenty columns stay readable
// and cannot be off by one in the middle.
class Bindings {
 public:
  explicit Bindings(SQLite::Statement& statement) : statement_(statement) {}
  Bindings& text(std::string_view value);
  Bindings& integer(std::int64_t value);
  Bindings& flag(bool value) { return integer(value ? 1 : 0); }
  Bindings& null();

 private:
  SQLite::Statement& statement_;
  int next_ = 1;
};

// Reads columns of the current row one after the other.
class Columns {
 public:
  explicit Columns(SQLite::Statement& statement) : statement_(statement) {}
  std::string text();
  std::int64_t integer();
  int number() { return static_cast<int>(integer()); }
  bool flag() { return integer() != 0; }
  std::optional<std::string> maybe_text();

 private:
  SQLite::Statement& statement_;
  int next_ = 0;
};

enum class OpenMode { kCreate, kExisting, kReadOnly };

class SqliteFile {
 public:
  // Opens, sets pragmas, checks the pages and the schema. Throws StoreError or SQLite::Exception.
  SqliteFile(const std::filesystem::path& path, OpenMode mode, const Schema& schema,
             std::chrono::milliseconds busy_timeout);

  SQLite::Database& database() { return database_; }
  // Prepared once per connection, reset on return. `sql` must be a literal: its address is the key.
  SQLite::Statement& prepared(const char* sql);
  FileIdentity identity() const { return identity_; }

 private:
  SQLite::Database database_;
  FileIdentity identity_;
  std::unordered_map<const char*, SQLite::Statement> statements_;  // after database_: go first
};

// Times are kept as nanoseconds since 1970: exactly what the clock gave.
inline std::int64_t ns_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}
inline WallTime wall_from_ns(std::int64_t ns) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(std::chrono::nanoseconds(ns)));
}

// What went wrong, where, and what to do, in one sentence.
std::string explain_sqlite(const SQLite::Exception& error, const std::filesystem::path& path);

}  // namespace maand
