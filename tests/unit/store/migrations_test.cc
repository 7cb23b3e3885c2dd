#include "reconciler/store/migrations.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

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

// Schema 2 is schema 1 and two columns.
std::string first_schema() {
  std::string out;
  std::istringstream in(current_schema().sql.data());
  for (std::string line; std::getline(in, line);) {
    const bool newer = line.rfind("  holds ", 0) == 0 || line.rfind("  ports  ", 0) == 0;
    if (!newer) out += line + "\n";
  }
  return out;
}

TEST_F(Migrations, A_file_of_schema_1_is_brought_up_and_knows_what_its_allocations_hold) {
  const std::string old = first_schema();
  Schema first = current_schema();
  first.newest = 1;
  first.sql = old;
  first.migrations = {};
  SQLite::Database database(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  bring_up(database, first);
  for (const char* row : {"'api', 'w1', '{}', 1", "'api', 'w2', '{}', 0", "'db', 'w1', '{}', 1"}) {
    database.exec("INSERT INTO allocations VALUES (" + std::string(row) +
                  ", '1.0.0', NULL, '', '', 0, '', '', '', 'confirmed', 'start', '', 0, 0, '', 0, 0, '', 0,"
                  " 'unprobed', NULL, NULL)");
  }
  database.exec(
      "INSERT INTO ports VALUES ('api', 'web', 8081), ('api', 'admin', 8080), ('api', 'same', 8080)");
  bring_up(database, current_schema());
  EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), 2);
  const auto holds = [&](const std::string& where) {
    return database.execAndGet("SELECT holds FROM allocations WHERE " + where).getString();
  };
  EXPECT_EQ(holds("job = 'api' AND worker = 'w1'"), "8080 8081");
  EXPECT_EQ(holds("job = 'api' AND worker = 'w2'"), "") << "it does not run";
  EXPECT_EQ(holds("job = 'db'"), "");
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

}  // namespace
}  // namespace maand
