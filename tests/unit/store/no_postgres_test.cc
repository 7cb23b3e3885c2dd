#include <gtest/gtest.h>

#include <string>

#include "reconciler/core/ports.h"
#include "reconciler/store/postgres_store.h"

namespace maand {
namespace {

TEST(NoPostgres, A_build_without_it_says_so_and_shows_no_password) {
  try {
    open_postgres_store({"postgresql://u:hunter2@db/x", "prod", "/nowhere", "/nowhere"});
    FAIL() << "it opened one";
  } catch (const StoreError& error) {
    const std::string said = error.what();
    EXPECT_NE(said.find("built without"), std::string::npos) << said;
    EXPECT_NE(said.find("libpqxx"), std::string::npos) << said;
    EXPECT_EQ(said.find("hunter2"), std::string::npos) << said;
  }
}

}  // namespace
}  // namespace maand
