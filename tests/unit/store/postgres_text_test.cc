#include "reconciler/store/postgres_text.h"

#include <gtest/gtest.h>

#include "reconciler/core/text.h"

namespace maand {
namespace {

TEST(PostgresText, Any_bytes_come_back_and_are_UTF8_without_zeros_there) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const std::string table[] = {"",
                               "plain \\x00 text, café",
                               std::string("a\0b", 3),
                               "\x1a",
                               "\x1a"
                               "1a",
                               std::string("\xff\0\x1a", 3),
                               "caf\xc3",
                               std::string("caf\xc3\xa9\0", 6),
                               all};
  for (const std::string& bytes : table) {
    const std::string text = to_postgres_text(bytes);
    EXPECT_EQ(from_postgres_text(text), bytes);
    EXPECT_TRUE(is_utf8(text));
    EXPECT_EQ(text.find('\0'), std::string::npos);
  }
  EXPECT_EQ(to_postgres_text(table[1]), table[1]) << "what can stand as it is does";
}

TEST(PostgresText, Placeholders_have_the_numbers_that_SQLite_gives_them) {
  EXPECT_EQ(to_postgres_placeholders("VALUES (?, ?, ?)"), "VALUES ($1, $2, $3)");
  EXPECT_EQ(to_postgres_placeholders("a = ?1 AND b < ?1 OR c = ?"), "a = $1 AND b < $1 OR c = $2");
  EXPECT_EQ(to_postgres_placeholders("a = ?12"), "a = $12");
}

TEST(PostgresText, Names_of_schemas_fit_and_differ) {
  const std::string a = std::string(60, 'x') + "a";
  const std::string b = std::string(60, 'x') + "b";
  EXPECT_EQ(schema_of_state("prod-1"), "maand_prod-1");
  EXPECT_EQ(schema_of_variables("prod-1"), "maand_prod-1_kv");
  EXPECT_NE(schema_of_state(a), schema_of_state(b));
  for (const std::string& name : {schema_of_variables(a), schema_of_variables(std::string(50, 'y'))})
    EXPECT_LE(name.size(), 63u) << name;
  EXPECT_EQ(quoted_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quoted_literal("a'b"), "'a''b'");
}

}  // namespace
}  // namespace maand
