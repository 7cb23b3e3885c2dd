// An open database as the rows of this folder see it: prepared statements, one transaction at a
// time, and nothing that only one kind of database has. What rows mean is written once, over this.
//
// Statements are written in what SQLite and PostgreSQL have in common; where they have nothing in
// common, dialect() tells which text to take. Text may hold any bytes, zeros too. Whatever fails
// throws what the library throws; healing_session.h makes a StoreError of it.
//
// One thread at a time. Included by the .cc files of this folder only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reconciler/core/ports.h"

namespace maand {

enum class SqlDialect { kSqlite, kPostgres };

// One prepared statement. Placeholders are `?`, or `?1` where one is used twice; bound from 1.
class SqlStatement {
 public:
  virtual ~SqlStatement() = default;
  virtual void bind_text(int index, std::string_view value) = 0;
  virtual void bind_integer(int index, std::int64_t value) = 0;
  virtual void bind_null(int index) = 0;

  virtual bool step() = 0;   // to the next row; false: there is none
  virtual int exec() = 0;    // to the end; how many rows it changed
  virtual void reset() = 0;  // to be bound and run again

  // Columns of the current row, from 0.
  virtual std::string text(int column) = 0;
  virtual std::int64_t integer(int column) = 0;
  virtual bool is_null(int column) = 0;
};

// Binds columns one after the other: statements of twenty columns stay readable
// and cannot be off by one in the middle.
class Bindings {
 public:
  explicit Bindings(SqlStatement& statement) : statement_(statement) {}
  Bindings& text(std::string_view value) {
    statement_.bind_text(next_++, value);
    return *this;
  }
  Bindings& integer(std::int64_t value) {
    statement_.bind_integer(next_++, value);
    return *this;
  }
  Bindings& flag(bool value) { return integer(value ? 1 : 0); }
  Bindings& null() {
    statement_.bind_null(next_++);
    return *this;
  }

 private:
  SqlStatement& statement_;
  int next_ = 1;
};

// Reads columns of the current row one after the other.
class Columns {
 public:
  explicit Columns(SqlStatement& statement) : statement_(statement) {}
  std::string text() { return statement_.text(next_++); }
  std::int64_t integer() { return statement_.integer(next_++); }
  int number() { return static_cast<int>(integer()); }
  bool flag() { return integer() != 0; }
  std::optional<std::string> maybe_text() {
    const int column = next_++;
    if (statement_.is_null(column)) return std::nullopt;
    return statement_.text(column);
  }

 private:
  SqlStatement& statement_;
  int next_ = 0;
};

class SqlSession {
 public:
  virtual ~SqlSession() = default;
  virtual SqlDialect dialect() const = 0;
  // Prepared once per session, reset on return. `sql` must be a literal: its address is the key.
  virtual SqlStatement& prepared(const char* sql) = 0;

  virtual void begin_write() = 0;   // no other session writes until it ends
  virtual void begin_moment() = 0;  // several selects see one moment
  virtual void commit() = 0;
  virtual void roll_back() noexcept = 0;

  // Another number than the last time when another session committed in between. Commits of this
  // one do not move it.
  virtual std::int64_t commits_seen() = 0;
};

// Rolls back unless committed.
class SqlTransaction {
 public:
  enum class Kind { kWrite, kMoment };
  SqlTransaction(SqlSession& session, Kind kind) : session_(session) {
    if (kind == Kind::kWrite) {
      session.begin_write();
    } else {
      session.begin_moment();
    }
  }
  ~SqlTransaction() {
    if (!committed_) session_.roll_back();
  }
  SqlTransaction(const SqlTransaction&) = delete;
  SqlTransaction& operator=(const SqlTransaction&) = delete;
  void commit() {
    session_.commit();
    committed_ = true;
  }

 private:
  SqlSession& session_;
  bool committed_ = false;
};

// Times are kept as nanoseconds since 1970: exactly what the clock gave.
inline std::int64_t ns_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}
inline WallTime wall_from_ns(std::int64_t ns) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(std::chrono::nanoseconds(ns)));
}

}  // namespace maand
