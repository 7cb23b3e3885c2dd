#include "reconciler/store/postgres_tables.h"

#include <charconv>
#include <optional>
#include <vector>

#include "reconciler/core/text.h"
#include "reconciler/store/bucket_lock.h"
#include "reconciler/store/postgres_text.h"

namespace maand {
namespace {

std::int64_t number_in(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Advisory locks are per database; the number is made by the server, whatever maand asks.
std::string lock_number(const char* purpose, const std::string& schema_name) {
  return "hashtextextended(" + quoted_literal(std::string("maand ") + purpose + " " + schema_name) + ", 0)";
}

std::string where(const PostgresAddress& address, const std::string& schema_name) {
  return address.shown + ", schema " + schema_name;
}

// The schema number of tables that are ours; 0 for none. Refuses others.
int schema_of(PostgresSession& session, const std::string& schema_name, const PostgresAddress& address,
              const Schema& schema) {
  const std::string in = quoted_literal(quoted_identifier(schema_name) + ".maand_store");
  const auto found = session.run("SELECT to_regclass(" + in +
                                 ") IS NOT NULL, EXISTS (SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n"
                                 " ON n.oid = c.relnamespace WHERE n.nspname = " +
                                 quoted_literal(schema_name) + ")");
  if (found->at(0) != "t") {
    if (found->at(1) != "t") return 0;
    throw StoreError(where(address, schema_name) + " holds tables of another program, not " + schema.what +
                     "; move them away or point [state] url elsewhere");
  }
  const auto row = session.run("SELECT application, schema_number FROM maand_store WHERE id = 1");
  if (!row || number_in(row->at(0)) != schema.application_id) {
    throw StoreError(where(address, schema_name) + " was made for another purpose, not as " + schema.what +
                     "; " + schema.instead);
  }
  const auto number = static_cast<int>(number_in(row->at(1)));
  if (number > schema.newest) {
    throw StoreError(
        where(address, schema_name) + " has schema " + std::to_string(number) +
        ", this maand knows schemas up to " + std::to_string(schema.newest) +
        "; it was written by a newer maand: run that version, or restore a backup made by this one");
  }
  return number;
}

void make_tables(PostgresSession& session, const std::string& schema_name, const Schema& schema) {
  const std::string name = quoted_identifier(schema_name);
  // Whoever made the schema for us beforehand need not let us make schemas.
  if (!session.run("SELECT 1 FROM pg_namespace WHERE nspname = " + quoted_literal(schema_name)))
    session.run("CREATE SCHEMA " + name);
  session.run(to_postgres_schema(schema.sql));
  session.run(
      "CREATE TABLE maand_store (id BIGINT PRIMARY KEY CHECK (id = 1), application BIGINT NOT NULL,"
      " schema_number BIGINT NOT NULL, commits BIGINT NOT NULL, term BIGINT NOT NULL)");
  session.run("INSERT INTO maand_store VALUES (1, " + std::to_string(schema.application_id) + ", " +
              std::to_string(schema.newest) + ", 0, 0)");
}

// Who has the lock, as well as the server lets us know.
std::optional<std::string> holder_of(PostgresSession& session, const std::string& number) {
  const auto row = session.run(
      "SELECT coalesce(a.application_name, ''), coalesce(host(a.client_addr), ''), l.pid::text"
      " FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid"
      " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
      " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
      " AND ((l.classid::bigint << 32) | l.objid::bigint) = " +
      number);
  if (!row) return std::nullopt;
  const std::string name = row->at(0).empty() ? "a program without a name" : printable(row->at(0));
  return name + (row->at(1).empty() ? "" : " at " + row->at(1)) + " (server process " + row->at(2) + ")";
}

}  // namespace

void bring_up(PostgresSession& session, const std::string& schema_name, const PostgresAddress& address,
              const Schema& schema) {
  if (schema_of(session, schema_name, address, schema) == schema.newest) return;
  session.run("BEGIN; SELECT pg_advisory_xact_lock(" + lock_number("tables", schema_name) + ")");
  int number = schema_of(session, schema_name, address, schema);
  if (number == 0) {
    make_tables(session, schema_name, schema);
    number = schema.newest;
  }
  for (const Migration& migration : schema.migrations) {
    if (migration.to != number + 1) continue;
    session.run(to_postgres_schema(migration.sql));
    number = migration.to;
  }
  if (number != schema.newest) {
    throw StoreError(where(address, schema_name) + " has schema " + std::to_string(number) +
                     " and no step leads from there to " + std::to_string(schema.newest) +
                     "; run a version in between first");
  }
  session.run("UPDATE maand_store SET schema_number = " + std::to_string(number) + "; COMMIT");
}

PostgresTables look_at(PostgresSession& session, const std::string& schema_name,
                       const PostgresAddress& address, const Schema& schema) {
  const int number = schema_of(session, schema_name, address, schema);
  if (number == 0) return PostgresTables::kNone;
  if (number == schema.newest) return PostgresTables::kThere;
  throw StoreError(where(address, schema_name) + " has schema " + std::to_string(number) +
                   " and this maand reads schema " + std::to_string(schema.newest) +
                   "; start the daemon once, it brings the tables up");
}

void take_bucket(PostgresSession& session, const std::string& schema_name, const PostgresAddress& address) {
  const std::string number = lock_number("writer", schema_name);
  try {
    // Waits as long as a lock may be waited for: the server may not know yet that an earlier one ended.
    session.run("SELECT pg_advisory_lock(" + number + ")");
    return;
  } catch (const std::exception& error) {
    if (!is_lock_timeout(error)) throw;
  }
  throw BucketBusy(holder_of(session, number).value_or("another maand") +
                       " works on this bucket: " + where(address, schema_name) + " is locked; stop it first",
                   0);
}

ServerProcess server_process(PostgresSession& session) {
  const auto row = session.run(
      "SELECT pid::text, extract(epoch FROM backend_start)::text FROM pg_stat_activity"
      " WHERE pid = pg_backend_pid()");
  return row ? ServerProcess{row->at(0), row->at(1)} : ServerProcess{};
}

void end_process(PostgresSession& session, const ServerProcess& process) {
  session.run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid::text = " +
      quoted_literal(process.pid) +
      " AND extract(epoch FROM backend_start)::text = " + quoted_literal(process.began));
}

std::optional<std::string> bucket_holder(PostgresSession& session, const std::string& schema_name) {
  return holder_of(session, lock_number("writer", schema_name));
}

std::int64_t raise_term(PostgresSession& session) {
  return number_in(session.run("UPDATE maand_store SET term = term + 1 WHERE id = 1 RETURNING term")->at(0));
}

std::int64_t current_term(PostgresSession& session) {
  return number_in(session.run("SELECT term FROM maand_store WHERE id = 1")->at(0));
}

}  // namespace maand
