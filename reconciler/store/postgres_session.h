// One connection to PostgreSQL, as sql_session.h wants it: settings, prepared statements,
// transactions, deadlines. Every write transaction carries the term of whoever opened the session
// (postgres_tables.h), so that one that lost its place cannot write.
//
// Included by the .cc files of this folder only, and the only headers with libpqxx in them are here.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/store/postgres_address.h"
#include "reconciler/store/sql_session.h"

namespace maand {

struct PostgresLimits {
  std::chrono::milliseconds lock{2000};        // for a lock that another session holds
  std::chrono::milliseconds statement{30000};  // the server gives a statement up
  std::chrono::milliseconds answer{40000};     // nothing was heard: the connection is given up
  // Nothing was heard of us: the server ends the session, and what it holds is free (PostgreSQL 14 and
  // newer; 13 notices a machine that is gone, and no process that hangs). 0: never.
  std::chrono::milliseconds silence{0};
};

class PostgresSession final : public SqlSession {
 public:
  // Connects; statements see `schema` alone, whether it is there or not. Throws StoreError, or what
  // explain_postgres explains.
  PostgresSession(const PostgresAddress& address, const std::string& schema, const PostgresLimits& limits,
                  bool read_only);
  ~PostgresSession() override;

  // A first row that is there, as text; nullopt: no row. Several statements at once: of the last.
  std::optional<std::vector<std::string>> run(const std::string& sql);
  // The server ended it, or said something nobody asked for: another one is needed.
  bool looks_ended() const;
  bool gave_up() const;
  // Until the server says something by itself, or `most` is over.
  void wait_for_news(std::chrono::milliseconds most) const;
  // The number of the newest transaction of ours that surely ended; 0: none did.
  std::int64_t own_newest() const { return own_newest_; }
  // From now on every write transaction throws LostBucket unless the term is this one.
  void hold_term(std::int64_t term) { term_ = term; }
  // Likewise, for tables that have no term of their own: it is the one in `schema`.
  void hold_term(std::int64_t term, const std::string& schema);

  SqlDialect dialect() const override { return SqlDialect::kPostgres; }
  SqlStatement& prepared(const char* sql) override;
  void begin_write() override;
  void begin_moment() override;
  void commit() override;
  void roll_back() noexcept override;
  std::int64_t commits_seen() override;

 private:
  struct Impl;
  class Statement;
  std::unique_ptr<Impl> impl_;
  std::optional<std::int64_t> term_;
  std::string asked_for_term_;    // empty: the row that is written tells
  std::int64_t own_commits_ = 0;  // with the transaction that is open
  std::int64_t own_newest_ = 0;
  std::int64_t open_ = 0;  // the number of the transaction that is open
  bool writing_ = false;
};

// Of an error of the library: what went wrong, where, and what to do, in one sentence. nullopt: it is
// none of the library's. No password and no value of a row is in it.
std::optional<std::string> explain_postgres(const std::exception& error, const PostgresAddress& address,
                                            bool gave_up);
// Whether a lock could not be had in time.
bool is_lock_timeout(const std::exception& error);

}  // namespace maand
