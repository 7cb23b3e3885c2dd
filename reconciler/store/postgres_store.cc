#include "reconciler/store/postgres_store.h"

#include <chrono>
#include <utility>

#include "reconciler/store/healing_connection.h"
#include "reconciler/store/kv_store.h"
#include "reconciler/store/postgres_text.h"
#include "reconciler/store/session_stores.h"

namespace maand {
namespace {

std::unique_ptr<HealingSession> state_of(const PostgresBucket& bucket, PostgresRole role) {
  PostgresLimits limits;
  if (bucket.leadership) limits.silence = std::chrono::seconds(20);
  return std::make_unique<HealingConnection>(postgres_address(bucket.url, bucket.directory),
                                             schema_of_state(bucket.bucket_id), current_schema(), limits,
                                             role, bucket.leadership);
}

std::unique_ptr<Values> values_of(const PostgresBucket& bucket, PostgresRole role) {
  return values_over(std::make_unique<HealingConnection>(postgres_address(bucket.url, bucket.directory),
                                                         schema_of_variables(bucket.bucket_id), kv_schema(),
                                                         PostgresLimits{}, role, bucket.leadership,
                                                         schema_of_state(bucket.bucket_id)),
                     bucket.secrets / kSecretKeyFile);
}

}  // namespace

std::unique_ptr<Store> open_postgres_store(const PostgresBucket& bucket) {
  return store_over(state_of(bucket, PostgresRole::kOnlyWriter));
}

std::unique_ptr<Store> open_postgres_store_readonly(const PostgresBucket& bucket) {
  return store_over(state_of(bucket, PostgresRole::kReader));
}

std::unique_ptr<Store> open_postgres_store_if_any(const PostgresBucket& bucket) {
  std::unique_ptr<HealingSession> session = state_of(bucket, PostgresRole::kReader);
  return session->nothing_there() ? nullptr : store_over(std::move(session));
}

std::unique_ptr<Store> open_postgres_audit(const PostgresBucket& bucket) {
  return store_over(state_of(bucket, PostgresRole::kWriter));
}

std::unique_ptr<Values> open_postgres_values(const PostgresBucket& bucket) {
  return values_of(bucket, PostgresRole::kWriter);
}

std::unique_ptr<Values> open_postgres_values_readonly(const PostgresBucket& bucket) {
  return values_of(bucket, PostgresRole::kReader);
}

}  // namespace maand
