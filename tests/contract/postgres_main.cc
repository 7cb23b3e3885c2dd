#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

#include "tests/contract/postgres_server.h"

namespace maand {
namespace {

std::unique_ptr<PostgresServer> server;

}  // namespace

PostgresServer& postgres_server() {
  if (!server) server = std::make_unique<PostgresServer>();
  return *server;
}

std::string fresh_bucket_id() {
  static int number = 0;
  return "Bucket-" + std::to_string(++number);  // capitals and hyphens: names that need quotes
}

}  // namespace maand

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (const auto why = maand::PostgresServer::missing()) {
    std::printf("SKIPPED, the store in PostgreSQL: %s\n", why->c_str());
    return 0;
  }
  const int status = RUN_ALL_TESTS();
  maand::server.reset();
  return status;
}
