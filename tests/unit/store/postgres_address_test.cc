#include "reconciler/store/postgres_address.h"

#include <gtest/gtest.h>

#include <string>

#include "reconciler/core/ports.h"

namespace maand {
namespace {

TEST(PostgresAddress, What_is_shown_has_no_password_and_deadlines_are_set) {
  const PostgresAddress address =
      postgres_address("postgresql://u:s3%27same@db.example:5433/prod?connect_timeout=3", "/nowhere");
  EXPECT_EQ(address.shown, "postgresql://u@db.example:5433/prod");
  EXPECT_NE(address.conninfo.find("password='s3\\'same'"), std::string::npos);
  EXPECT_NE(address.conninfo.find("connect_timeout='3'"), std::string::npos);
  EXPECT_NE(address.conninfo.find("tcp_user_timeout='15000'"), std::string::npos);
}

TEST(PostgresAddress, What_is_no_address_is_refused_without_showing_it) {
  for (const char* url :
       {"postgresql://u:hunter2@db/x?nonsense=1", "postgresql://u:hunter2@[db/x", "mysql://u:hunter2@db/x"}) {
    try {
      postgres_address(url, "/nowhere");
      ADD_FAILURE() << url << " is taken";
    } catch (const StoreError& error) {
      const std::string said = error.what();
      EXPECT_NE(said.find("[state] url"), std::string::npos) << said;
      EXPECT_EQ(said.find("hunter2"), std::string::npos) << said;
    }
  }
}

}  // namespace
}  // namespace maand
