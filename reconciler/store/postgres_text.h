// What is written for SQLite, in the words of PostgreSQL: any bytes as text, and our statements.
// Pure functions. Included by the .cc files of this folder only.
#pragma once

#include <string>
#include <string_view>

namespace maand {

// PostgreSQL keeps UTF-8 without zeros. Nearly everything is that already and stands as it is, so
// that a person can read the tables with psql; other bytes become U+001A and two hex digits.
std::string to_postgres_text(std::string_view bytes);
// The bytes that to_postgres_text was given.
std::string from_postgres_text(std::string_view text);

// `?` and `?1` become `$1`, numbered as SQLite numbers them. No literal of ours holds a question mark.
std::string to_postgres_placeholders(std::string_view statement);

// A schema or a step of one: types and what makes a number for a row.
std::string to_postgres_schema(std::string_view sqlite);

// As one token in a statement.
std::string quoted_identifier(std::string_view name);
std::string quoted_literal(std::string_view text);

// Where a bucket's tables are, with the bucket's id in it: `maand_ID`, and `maand_ID_kv` for its
// variables (R7.2). At most 63 bytes, the most that PostgreSQL keeps of a name.
std::string schema_of_state(std::string_view bucket_id);
std::string schema_of_variables(std::string_view bucket_id);

}  // namespace maand
