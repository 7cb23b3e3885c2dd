// What stands for postgres_store.h and postgres_address.h in a build without libpqxx.
#include "reconciler/core/ports.h"
#include "reconciler/store/postgres_address.h"
#include "reconciler/store/postgres_store.h"
#include "reconciler/store/replica_link.h"

namespace maand {
namespace {

[[noreturn]] void refuse() {
  throw StoreError(
      "[state] url names a PostgreSQL, and this maand was built without it; take one that was built with "
      "libpqxx, "
      "or keep the state in a file: url = \"sqlite:data/state.db\"");
}

}  // namespace

PostgresAddress postgres_address(std::string_view, const std::filesystem::path&) { refuse(); }
std::unique_ptr<Store> open_postgres_store(const PostgresBucket&) { refuse(); }
std::unique_ptr<Store> open_postgres_store_readonly(const PostgresBucket&) { refuse(); }
std::unique_ptr<Store> open_postgres_store_if_any(const PostgresBucket&) { refuse(); }
std::unique_ptr<Store> open_postgres_audit(const PostgresBucket&) { refuse(); }
std::unique_ptr<ReplicaLink> open_replica_link(const PostgresBucket&) { refuse(); }
std::unique_ptr<Values> open_postgres_values(const PostgresBucket&) { refuse(); }
std::unique_ptr<Values> open_postgres_values_readonly(const PostgresBucket&) { refuse(); }

}  // namespace maand
