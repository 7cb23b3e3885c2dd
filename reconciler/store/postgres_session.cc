#include "reconciler/store/postgres_session.h"

#include <poll.h>

#include <charconv>
#include <cstdlib>
#include <pqxx/pqxx>
#include <unordered_map>
#include <utility>

#include "reconciler/core/text.h"
#include "reconciler/store/leadership.h"
#include "reconciler/store/postgres_text.h"
#include "reconciler/store/socket_deadline.h"

namespace maand {
namespace {

using Parameter = std::optional<std::string>;  // nullopt: NULL

// libpqxx 6 connects anew by itself, and what the session held would be gone unnoticed.
template <class Connection>
void forbid_reconnecting(Connection& connection) {
  if constexpr (requires { connection.inhibit_reactivation(true); }) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
  }
}

// Three generations of libpqxx; CMakeLists.txt finds out which one is here.
pqxx::result run_prepared(pqxx::transaction_base& transaction, const std::string& name,
                          const std::vector<Parameter>& parameters) {
#if defined(MAAND_PQXX_HAS_PARAMS)
  pqxx::params all;
  for (const Parameter& parameter : parameters) {
    if (parameter) {
      all.append(*parameter);
    } else {
      all.append();
    }
  }
#if defined(MAAND_PQXX_HAS_PREPPED)
  return transaction.exec(pqxx::prepped{name}, all);
#else
  return transaction.exec_prepared(name, all);
#endif
#else
  std::vector<const char*> all;
  all.reserve(parameters.size());
  for (const Parameter& parameter : parameters) all.push_back(parameter ? parameter->c_str() : nullptr);
  return transaction.exec_prepared(name, pqxx::prepare::make_dynamic_params(all));
#endif
}

std::string set(const char* name, std::chrono::milliseconds limit) {
  return std::string("SET ") + name + " = " + std::to_string(limit.count()) + "; ";
}

// Whatever the server, the database or the role have for defaults.
std::string session_settings(const std::string& schema, const PostgresLimits& limits, bool read_only) {
  return set("statement_timeout", limits.statement) + set("lock_timeout", limits.lock) +
         set("idle_in_transaction_session_timeout",
             limits.silence.count() > 0 ? limits.silence : limits.answer) +
         "SET search_path = " + quoted_identifier(schema) +
         "; SET standard_conforming_strings = on; SET default_transaction_isolation = 'read committed';"
         " SET default_transaction_deferrable = off; SET default_transaction_read_only = " +
         (read_only ? "on; " : "off; ") +
         // So that the server forgets a host that lost its power, and with it what the session holds.
         "SET tcp_keepalives_idle = 6; SET tcp_keepalives_interval = 3; SET tcp_keepalives_count = 3; "
         // A commit that returned is on disk; what waits for replicas too stays as it is.
         "SELECT set_config('synchronous_commit', 'on', false)"
         " WHERE current_setting('synchronous_commit') IN ('off', 'local'); "
         // Of newer servers only.
         "SELECT set_config(name, CASE name WHEN 'tcp_user_timeout' THEN '15000'"
         " WHEN 'idle_session_timeout' THEN '" +
         std::to_string(limits.silence.count()) +
         "' ELSE '0' END, false) FROM pg_settings WHERE name IN ('idle_session_timeout', "
         "'transaction_timeout',"
         " 'tcp_user_timeout')";
}

std::string first_line(const std::string& text) {
  const std::string_view line = trim(std::string_view(text).substr(0, text.find('\n')));
  return printable(line, 300);
}

}  // namespace

struct PostgresSession::Impl {
  Impl(const PostgresAddress& address, const PostgresLimits& with)
      : limits(with), connection(address.conninfo), deadline(connection.sock()), transaction(connection) {
    forbid_reconnecting(connection);
  }

  template <class Call>
  auto timed(Call call) {
    const SocketDeadline::Watch watch(deadline, limits.answer);
    return call();
  }

  const PostgresLimits limits;
  pqxx::connection connection;
  SocketDeadline deadline;
  pqxx::nontransaction transaction;  // BEGIN and COMMIT are ours
  std::unordered_map<const char*, std::unique_ptr<Statement>> statements;
};

class PostgresSession::Statement final : public SqlStatement {
 public:
  Statement(Impl& impl, const char* sql) : impl_(impl), name_("m" + std::to_string(impl.statements.size())) {
    impl_.timed([&] { impl_.connection.prepare(name_, to_postgres_placeholders(sql)); });
  }

  void bind_text(int index, std::string_view value) override { put(index, to_postgres_text(value)); }
  void bind_integer(int index, std::int64_t value) override { put(index, std::to_string(value)); }
  void bind_null(int index) override { put(index, std::nullopt); }

  bool step() override {
    if (!ran_) run();
    if (row_ + 1 >= static_cast<std::ptrdiff_t>(result_.size())) return false;
    ++row_;
    return true;
  }

  int exec() override {
    run();
    const auto changed = static_cast<int>(result_.affected_rows());
    reset();
    return changed;
  }

  // As SQLite has it, parameters stay.
  void reset() override {
    result_ = {};
    row_ = -1;
    ran_ = false;
  }

  void make_ready() {
    reset();
    parameters_.clear();
  }

  std::string text(int column) override {
    const auto cell = at(column);
    return from_postgres_text({cell.c_str(), static_cast<std::size_t>(cell.size())});
  }

  std::int64_t integer(int column) override {
    const auto cell = at(column);
    const std::string_view text(cell.c_str(), static_cast<std::size_t>(cell.size()));
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
      throw StoreError("PostgreSQL answered something else where a number stands: " + printable(text));
    return number;
  }

  bool is_null(int column) override { return at(column).is_null(); }

 private:
  void put(int index, Parameter value) {
    if (parameters_.size() < static_cast<std::size_t>(index))
      parameters_.resize(static_cast<std::size_t>(index));
    parameters_[static_cast<std::size_t>(index) - 1] = std::move(value);
  }

  void run() {
    result_ = impl_.timed([&] { return run_prepared(impl_.transaction, name_, parameters_); });
    row_ = -1;
    ran_ = true;
  }

  pqxx::field at(int column) const {
    return result_[static_cast<pqxx::result::size_type>(row_)][static_cast<pqxx::row::size_type>(column)];
  }

  Impl& impl_;
  const std::string name_;
  std::vector<Parameter> parameters_;
  pqxx::result result_;
  std::ptrdiff_t row_ = -1;
  bool ran_ = false;
};

PostgresSession::PostgresSession(const PostgresAddress& address, const std::string& schema,
                                 const PostgresLimits& limits, bool read_only)
    : impl_(std::make_unique<Impl>(address, limits)) {
  const auto server = run("SELECT current_setting('server_encoding'), pg_is_in_recovery()::int");
  if (server->at(0) != "UTF8") {
    throw StoreError(address.shown + ": the database has the encoding " + printable(server->at(0)) +
                     "; maand needs one with UTF8: createdb --encoding=UTF8 --template=template0");
  }
  if (server->at(1) != "0" && !read_only) {
    throw StoreError(address.shown +
                     " is a standby and cannot be written; name the primary in [state] url, or every "
                     "host with target_session_attrs=read-write");
  }
  run(session_settings(schema, limits, read_only));
}

PostgresSession::~PostgresSession() = default;

std::optional<std::vector<std::string>> PostgresSession::run(const std::string& sql) {
  const pqxx::result result = impl_->timed([&] { return impl_->transaction.exec(sql); });
  if (result.empty()) return std::nullopt;
  std::vector<std::string> row;
  for (pqxx::row::size_type i = 0; i < result.columns(); ++i) {
    const pqxx::field cell = result[0][i];
    row.emplace_back(cell.is_null() ? "" : cell.c_str());
  }
  return row;
}

bool PostgresSession::looks_ended() const {
  const int socket = impl_->connection.is_open() ? impl_->connection.sock() : -1;
  if (socket < 0) return true;
  pollfd one{socket, POLLIN | POLLRDHUP, 0};
  return ::poll(&one, 1, 0) != 0;
}

bool PostgresSession::gave_up() const { return impl_->deadline.expired(); }

void PostgresSession::wait_for_news(std::chrono::milliseconds most) const {
  pollfd one{impl_->connection.is_open() ? impl_->connection.sock() : -1, POLLIN | POLLRDHUP, 0};
  ::poll(&one, 1, static_cast<int>(most.count()));
}

SqlStatement& PostgresSession::prepared(const char* sql) {
  auto it = impl_->statements.find(sql);
  if (it == impl_->statements.end())
    it = impl_->statements.emplace(sql, std::make_unique<Statement>(*impl_, sql)).first;
  it->second->make_ready();
  return *it->second;
}

void PostgresSession::hold_term(std::int64_t term, const std::string& schema) {
  term_ = term;
  asked_for_term_ = "SELECT term::text FROM " + quoted_identifier(schema) + ".maand_store WHERE id = 1";
}

// The one row is what writers wait for, whoever they are, and the number in it what others see.
void PostgresSession::begin_write() {
  const auto row = run(
      "BEGIN; UPDATE maand_store SET commits = commits + 1 WHERE id = 1 RETURNING term::text, commits::text");
  writing_ = true;
  ++own_commits_;
  if (!row) throw StoreError("the table maand_store lacks its row; restore a backup of the database");
  open_ = std::strtoll(row->at(1).c_str(), nullptr, 10);
  if (!term_) return;
  const auto now = asked_for_term_.empty() ? row : run(asked_for_term_);
  const std::string term = now ? now->front() : "none";
  if (term != std::to_string(*term_)) {
    throw LostBucket("another maand has taken this bucket over since (term " + term +
                     "); this one writes nothing any more: stop it, or start it again");
  }
}

void PostgresSession::begin_moment() { run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); }

void PostgresSession::commit() {
  run("COMMIT");
  if (std::exchange(writing_, false)) own_newest_ = open_;
}

void PostgresSession::roll_back() noexcept {
  if (std::exchange(writing_, false)) --own_commits_;
  try {
    run("ROLLBACK");
  } catch (const std::exception&) {
    // The connection is gone, and the transaction with it.
  }
}

std::int64_t PostgresSession::commits_seen() {
  SqlStatement& select = prepared("SELECT commits FROM maand_store WHERE id = 1");
  if (!select.step())
    throw StoreError("the table maand_store lacks its row; restore a backup of the database");
  const std::int64_t commits = select.integer(0);
  select.reset();
  return commits - own_commits_;
}

bool is_lock_timeout(const std::exception& error) {
  const auto* sql = dynamic_cast<const pqxx::sql_error*>(&error);
  return sql && sql->sqlstate() == "55P03";
}

std::optional<std::string> explain_postgres(const std::exception& error, const PostgresAddress& address,
                                            bool gave_up) {
  const std::string said = " (" + first_line(error.what()) + ")";
  if (gave_up) return address.shown + " did not answer in time; see whether the server is well" + said;
  if (const auto* sql = dynamic_cast<const pqxx::sql_error*>(&error)) {
    const std::string state(sql->sqlstate());
    const std::string kind = state.substr(0, 2);
    if (state == "55P03")
      return address.shown + ": another session holds a lock; see pg_stat_activity and end it" + said;
    if (state == "57014") return address.shown + " was too slow; see pg_stat_activity" + said;
    if (state == "53100") return address.shown + ": no space left on the server; free some" + said;
    if (state == "42501")
      return address.shown + ": the role may not do that; GRANT it CREATE on the database, or the schema" +
             said;
    if (state == "25006") return address.shown + " cannot be written: it is a standby or read-only" + said;
    if (kind == "57" || kind == "08" || state.empty())
      return address.shown + " ended the connection; it is made again" + said;
    return address.shown + ": " + first_line(error.what());
  }
  if (dynamic_cast<const pqxx::broken_connection*>(&error))
    return address.shown + " cannot be reached; see that the server runs and lets us in" + said;
  if (dynamic_cast<const pqxx::failure*>(&error)) return address.shown + " failed" + said;
  return std::nullopt;
}

}  // namespace maand
