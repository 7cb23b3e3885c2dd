// Where a bucket's PostgreSQL is: `state.url`, checked and completed.
//
// A password stands in the URL, in PGPASSWORD, or in a file of libpq's kind: the one that `passfile`
// in the URL names (relative to the bucket), PGPASSFILE, or `secrets/pgpass` of the bucket. None of
// it is in `shown` or in an error.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace maand {

struct PostgresAddress {
  std::string conninfo;  // for libpq; may hold the password: never to be shown
  std::string shown;     // `postgresql://user@host:port/database`
};

inline constexpr const char* kPasswordFile = "pgpass";  // in secrets/

// Throws StoreError for a text that is no such URL; the text itself, in which a password may stand,
// is not in the error.
PostgresAddress postgres_address(std::string_view url, const std::filesystem::path& bucket);

}  // namespace maand
