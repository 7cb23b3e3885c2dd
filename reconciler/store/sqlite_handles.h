// One open file: connection, pragmas, prepared statements, and the words
// for what went wrong. Included by the .cc files of this folder only.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "reconciler/store/migrations.h"
#include "reconciler/store/sql_session.h"

namespace maand {

// Which file a path named when it was opened first.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
std::optional<FileIdentity> identity_of(const std::filesystem::path& path);

class SqliteStatement final : public SqlStatement {
 public:
  SqliteStatement(const SQLite::Database& database, const char* sql) : statement_(database, sql) {}
  void bind_text(int index, std::string_view value) override { statement_.bind(index, std::string(value)); }
  void bind_integer(int index, std::int64_t value) override { statement_.bind(index, value); }
  void bind_null(int index) override { statement_.bind(index); }
  bool step() override { return statement_.executeStep(); }
  int exec() override { return statement_.exec(); }
  void reset() override { statement_.reset(); }
  std::string text(int column) override { return statement_.getColumn(column).getString(); }
  std::int64_t integer(int column) override { return statement_.getColumn(column).getInt64(); }
  bool is_null(int column) override { return statement_.getColumn(column).isNull(); }
  void make_ready();

 private:
  SQLite::Statement statement_;
};

enum class OpenMode { kCreate, kExisting, kReadOnly };

class SqliteFile final : public SqlSession {
 public:
  // Opens, sets pragmas, checks the pages and the schema. Throws StoreError or SQLite::Exception.
  SqliteFile(const std::filesystem::path& path, OpenMode mode, const Schema& schema,
             std::chrono::milliseconds busy_timeout);

  SQLite::Database& database() { return database_; }
  SqlDialect dialect() const override { return SqlDialect::kSqlite; }
  SqlStatement& prepared(const char* sql) override;
  void begin_write() override { database_.exec("BEGIN IMMEDIATE"); }
  void begin_moment() override { database_.exec("BEGIN"); }
  void commit() override { database_.exec("COMMIT"); }
  void roll_back() noexcept override;
  std::int64_t commits_seen() override;
  FileIdentity identity() const { return identity_; }

 private:
  SQLite::Database database_;
  FileIdentity identity_;
  std::unordered_map<const char*, SqliteStatement> statements_;  // after database_: go first
};

// What went wrong, where, and what to do, in one sentence.
std::string explain_sqlite(const SQLite::Exception& error, const std::filesystem::path& path);

}  // namespace maand
