// The one PostgreSQL that all tests of postgres_contract_test share: starting one takes longer than
// most of them. Each test has a bucket of its own in it.
#pragma once

#include <string>

#include "tests/support/postgres_server.h"

namespace maand {

PostgresServer& postgres_server();
std::string fresh_bucket_id();

}  // namespace maand
