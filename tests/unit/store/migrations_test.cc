#include "reconciler/store/migrations.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <sstream>
#include <string>
#include <string_view>

#include "reconciler/core/ports.h"

namespace maand {
namespace {

constexpr Migration kSteps[] = {{2, "ALTER TABLE t ADD COLUMN b TEXT DEFAULT 'new'"},
                                {3, "UPDATE t SET a = a + 100; CREATE TABLE u (c)"}};
constexpr Migration kBrokenSteps[] = {{2, "ALTER TABLE t ADD COLUMN b TEXT"},
                                      {3, "UPDATE nothing_there SET a = 1"}};
constexpr Migration kGap[] = {{3, "CREATE TABLE u (c)"}};

constexpr Schema kOne{1, "CREATE TABLE t (a)", {}};
constexpr Schema kThree{3, "CREATE TABLE t (a, b TEXT DEFAULT 'new'); CREATE TABLE u (c)", kSteps};

class Migrations : public testing::Test {
 protected:
  int version() { return database_.execAndGet("PRAGMA user_version").getInt(); }
  std::string text(const char* sql) { return database_.execAndGet(sql).getString(); }
  SQLite::Database database_{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
};

TEST_F(Migrations, A_new_file_is_made_at_the_newest_schema) {
  bring_up(database_, kThree);
  EXPECT_EQ(version(), 3);
  EXPECT_EQ(text("SELECT count(*) FROM u"), "0");
  require_current(database_, kThree);
}

TEST_F(Migrations, An_older_file_is_brought_up_step_by_step_and_keeps_its_rows) {
  bring_up(database_, kOne);
  database_.exec("INSERT INTO t VALUES (1)");
  bring_up(database_, kThree);
  EXPECT_EQ(version(), 3);
  EXPECT_EQ(text("SELECT a || b FROM t"), "101new");
  bring_up(database_, kThree);  // nothing to do
  EXPECT_EQ(text("SELECT a || b FROM t"), "101new");
}

TEST_F(Migrations, A_step_that_fails_leaves_the_file_as_it_was) {
  bring_up(database_, kOne);
  EXPECT_THROW(bring_up(database_, (Schema{3, "", kBrokenSteps})), SQLite::Exception);
  EXPECT_EQ(version(), 1);
  EXPECT_EQ(text("SELECT count(*) FROM pragma_table_info('t')"), "1");
}

TEST_F(Migrations, A_missing_step_is_refused) {
  bring_up(database_, kOne);
  EXPECT_THROW(bring_up(database_, (Schema{3, "", kGap})), StoreError);
  EXPECT_EQ(version(), 1);
}

TEST_F(Migrations, A_newer_file_is_refused) {
  bring_up(database_, kThree);
  EXPECT_THROW(bring_up(database_, kOne), StoreError);
  EXPECT_THROW(require_current(database_, kOne), StoreError);
}

TEST_F(Migrations, Readers_refuse_an_older_file_rather_than_upgrade_it) {
  bring_up(database_, kOne);
  EXPECT_THROW(require_current(database_, kThree), StoreError);
  EXPECT_EQ(version(), 1);
}

// Tables of schema 6; of 5 and 6; of 4, 5 and 6.
const std::initializer_list<std::string_view> kSixth = {"ways_back", "job_rollouts", "failed_keys"};
const std::initializer_list<std::string_view> kFifth = {"workers", "ways_back", "job_rollouts",
                                                        "failed_keys"};
const std::initializer_list<std::string_view> kAll = {"letters", "workers", "ways_back", "job_rollouts",
                                                      "failed_keys"};

// What schema 7 brought, which every older one lacks.
constexpr std::string_view kSeventh[] = {"  stopped_since_ns ", "  stopped_until_ns "};
constexpr std::string_view kSeventhTable = "CREATE TABLE drifts (";
constexpr std::string_view kEighth[] = {"  claimed_seq ", "  ran_seq "};  // forgotten_seq until schema 9
constexpr std::string_view kNinthTable = "CREATE TABLE forgotten (";

// The newest schema as it was before these columns and tables came.
std::string schema_without(std::initializer_list<std::string_view> columns,
                           std::initializer_list<std::string_view> tables) {
  std::string out;
  std::istringstream in{std::string(current_schema().sql)};
  bool within = false;  // a table that is newer
  for (std::string line; std::getline(in, line);) {
    within = within || line == kSeventhTable || line == kNinthTable;
    if (line.starts_with(kSeventh[0]) || line.starts_with(kSeventh[1])) continue;
    if (line.starts_with(kEighth[0])) out.erase(out.rfind(','), 1);  // it was the last of its table
    if (line.starts_with(kEighth[0]) || line.starts_with(kEighth[1])) continue;
    for (const std::string_view table : tables)
      within = within || line == "CREATE TABLE " + std::string(table) + " (";
    if (line == "CREATE INDEX ways_back_files ON ways_back (files);") continue;  // of schema 6
    const bool newer = within || std::any_of(columns.begin(), columns.end(), [&](std::string_view column) {
                         return line.rfind("  " + std::string(column) + "  ", 0) == 0;
                       });
    if (!newer) out += line + "\n";
    within = within && line != ") STRICT;";
  }
  return out;
}

// What a table is like, however its statement was laid out.
std::string shape(SQLite::Database& database, const std::string& table) {
  return database
             .execAndGet(
                 "SELECT group_concat(name || type || \"notnull\" || coalesce(dflt_value, '') || pk)"
                 " FROM pragma_table_info('" +
                 table + "')")
             .getString() +
         " " +
         database
             .execAndGet(
                 "SELECT coalesce(group_concat(\"unique\" || origin || (SELECT group_concat(c.name)"
                 " FROM pragma_index_info(i.name) AS c)), '') FROM pragma_index_list('" +
                 table + "') AS i")
             .getString();
}

TEST_F(Migrations, A_file_of_schema_3_gets_an_outbox_for_letters_and_keeps_its_notes) {
  bring_up(database_, Schema{3, schema_without({"moved_from"}, kAll), {}});
  EXPECT_EQ(text("SELECT count(*) FROM sqlite_master WHERE name = 'letters'"), "0");
  database_.exec("INSERT INTO notes (commit_id, text, json) VALUES ('c', 't', '{}')");
  bring_up(database_, current_schema());
  EXPECT_EQ(version(), current_schema().newest);
  EXPECT_EQ(text("SELECT count(*) FROM notes"), "1");

  SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  bring_up(fresh, current_schema());
  EXPECT_EQ(shape(database_, "letters"), shape(fresh, "letters"));
}

TEST_F(Migrations, A_file_of_schema_2_is_brought_up_and_knows_what_its_allocations_hold) {
  const std::string second = schema_without({"holds", "ports", "moved_from"}, kAll);
  bring_up(database_, Schema{2, second, {}});
  for (const char* row : {"'api', 'w1', '{}', 1", "'api', 'w2', '{}', 0", "'db', 'w1', '{}', 1"}) {
    database_.exec("INSERT INTO allocations VALUES (" + std::string(row) +
                   ", '1.0.0', NULL, '', '', 0, '', '', '', 'confirmed', 'start', '', 0, 0, '', 0, 0, '', 0,"
                   " 'unprobed', NULL, NULL, 0)");
  }
  database_.exec(
      "INSERT INTO ports VALUES ('api', 'web', 8081), ('api', 'admin', 8080), ('api', 'same', 8080)");
  bring_up(database_, current_schema());
  EXPECT_EQ(version(), current_schema().newest);
  const auto holds = [&](const std::string& where) {
    return text(("SELECT holds FROM allocations WHERE " + where).c_str());
  };
  EXPECT_EQ(holds("job = 'api' AND worker = 'w1'"), "8080 8081");
  EXPECT_EQ(holds("job = 'api' AND worker = 'w2'"), "") << "it does not run";
  EXPECT_EQ(holds("job = 'db'"), "");
}

// Whoever has an allocation was spoken to already: nothing has to be read there first (R7.3).
TEST_F(Migrations, Workers_of_a_file_of_schema_4_are_known) {
  bring_up(database_, Schema{4, schema_without({"moved_from"}, kFifth), {}});
  for (const char* row : {"'api', 'w1'", "'api', 'w2'", "'db', 'w1'"}) {
    database_.exec(
        "INSERT INTO allocations VALUES (" + std::string(row) +
        ", '{}', 1, '1.0.0', NULL, '', '', 0, '', '', '', 'confirmed', 'start', '', 0, 0, '', 0, 0, '', 0,"
        " 'unprobed', NULL, NULL, 0, '')");
  }
  bring_up(database_, current_schema());
  EXPECT_EQ(text("SELECT group_concat(host || instance, ' ') FROM (SELECT * FROM workers ORDER BY host)"),
            "w1 w2");
  SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  bring_up(fresh, current_schema());
  EXPECT_EQ(shape(database_, "workers"), shape(fresh, "workers"));
}

TEST_F(Migrations, The_steps_of_this_build_lead_from_every_older_schema_to_the_newest) {
  for (const Schema& schema : {current_schema(), kv_schema()}) {
    ASSERT_EQ(static_cast<int>(schema.migrations.size()), schema.newest - 1) << schema.what;
    for (std::size_t i = 0; i < schema.migrations.size(); ++i) {
      EXPECT_EQ(schema.migrations[i].to, static_cast<int>(i) + 2);
    }
    SQLite::Database database(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    bring_up(database, schema);
    EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), schema.newest);
    EXPECT_EQ(database.execAndGet("PRAGMA application_id").getInt(), schema.application_id);
  }
}

TEST_F(Migrations, A_file_of_schema_5_gets_the_tables_for_going_back) {
  bring_up(database_, Schema{5, schema_without({}, kSixth), {}});
  database_.exec("INSERT INTO ports VALUES ('api', 'web', 8081)");
  bring_up(database_, current_schema());
  EXPECT_EQ(text("SELECT number FROM ports"), "8081");
  SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  bring_up(fresh, current_schema());
  for (const char* table : {"ways_back", "job_rollouts", "failed_keys"}) {
    EXPECT_EQ(shape(database_, table), shape(fresh, table)) << table;
  }
  EXPECT_EQ(text("SELECT count(*) FROM sqlite_master WHERE name = 'ways_back_files'"), "1");
}

// R5.7, R5.9: what an operator stopped stays so, without an end.
TEST_F(Migrations, A_file_of_schema_6_keeps_who_was_stopped_and_gets_a_table_of_drift) {
  bring_up(database_, Schema{6, schema_without({}, {}), {}});
  database_.exec(
      "INSERT INTO allocations VALUES ('api', 'w1', '{}', 0, '1.0', NULL, '', '', 0, '', 'c', 't', "
      "'confirmed',"
      " 'stop', 'o', 0, 0, '', 0, 0, 'c', 0, 'unprobed', 'ann', 'repair', 0, '', '')");
  bring_up(database_, current_schema());
  EXPECT_EQ(version(), current_schema().newest);
  EXPECT_EQ(text("SELECT stopped_actor || stopped_since_ns || stopped_until_ns FROM allocations"), "ann00");
  SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  bring_up(fresh, current_schema());
  EXPECT_EQ(shape(database_, "drifts"), shape(fresh, "drifts"));
  EXPECT_EQ(shape(database_, "allocations"), shape(fresh, "allocations"));
}

// R7.3: of what ran before, all is taken for known.
TEST_F(Migrations, A_file_of_schema_6_knows_whatever_ran) {
  bring_up(database_, Schema{6, schema_without({}, {}), {}});
  database_.exec("UPDATE bucket SET last_seq = 41");
  database_.exec(
      "INSERT INTO allocations VALUES ('api', 'w1', '{}', 0, '1.0', NULL, '', '', 0, '', 'c', 't', "
      "'confirmed',"
      " 'stop', 'o', 0, 0, '', 0, 0, 'c', 0, 'unprobed', NULL, NULL, 0, '', '')");
  bring_up(database_, current_schema());
  EXPECT_EQ(text("SELECT claimed_seq || ' ' || (SELECT ran_seq FROM allocations) FROM bucket"), "41 41");
  SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  bring_up(fresh, current_schema());
  EXPECT_EQ(shape(database_, "bucket"), shape(fresh, "bucket"));
  EXPECT_EQ(shape(database_, "forgotten"), shape(fresh, "forgotten"));
}

// Schema 2 keeps when an allocation was confirmed; what was there before stays.
TEST_F(Migrations, A_state_file_of_schema_1_gets_the_times_of_allocations) {
  const Schema newest = current_schema();
  const std::string first = schema_without({"confirmed_at_ns", "holds", "ports", "moved_from"}, kAll);
  bring_up(database_, Schema{1, first, {}});
  database_.exec(
      "INSERT INTO allocations VALUES ('api', 'w1', '{}', 1, '1.0', NULL, '', '', 0, '', 'c', 't', "
      "'confirmed',"
      " 'start', 'o', 0, 0, '', 0, 0, 'c', 0, 'healthy', NULL, NULL)");
  bring_up(database_, newest);
  EXPECT_EQ(version(), newest.newest);
  EXPECT_EQ(text("SELECT job || version || confirmed_at_ns FROM allocations"), "api1.00");

  SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  bring_up(fresh, newest);
  const char* columns =
      "SELECT group_concat(name || type || \"notnull\" || coalesce(dflt_value, '') || pk) FROM "
      "pragma_table_info('allocations')";
  EXPECT_EQ(text(columns), fresh.execAndGet(columns).getString());
}

}  // namespace
}  // namespace maand
