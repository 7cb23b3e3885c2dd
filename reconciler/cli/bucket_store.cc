#include "reconciler/cli/bucket_store.h"

#include <filesystem>
#include <utility>

#include "reconciler/store/bucket_lock.h"
#include "reconciler/store/kv_store.h"
#include "reconciler/store/postgres_address.h"
#include "reconciler/store/postgres_store.h"
#include "reconciler/store/state_store.h"

namespace maand {
namespace {

namespace fs = std::filesystem;

// A person waits; a daemon that writes does so for milliseconds.
constexpr std::chrono::seconds kPatience{10};

bool file_is_there(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(file, ignored);
}

}  // namespace

PostgresBucket postgres_of(const Bucket& bucket, std::shared_ptr<Leadership> leadership) {
  return {bucket.config.state_path, bucket.config.bucket_id.str(), bucket.directory, bucket.secrets(),
          std::move(leadership)};
}

bool in_postgres(const Bucket& bucket) {
  const std::string& url = bucket.config.state_path;
  return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

std::string state_place(const Bucket& bucket) {
  return in_postgres(bucket) ? postgres_address(bucket.config.state_path, bucket.directory).shown
                             : bucket.store().string();
}

std::int64_t state_bytes(const Bucket& bucket) {
  std::error_code error;
  const std::uintmax_t size = in_postgres(bucket) ? 0 : fs::file_size(bucket.store(), error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

std::unique_ptr<Store> open_state(const Bucket& bucket, std::shared_ptr<Leadership> leadership) {
  if (!in_postgres(bucket)) return open_state_store(bucket.store());
  try {
    return open_postgres_store(postgres_of(bucket, std::move(leadership)));
  } catch (const BucketBusy& busy) {
    throw CommandError(kExitNoDaemon, busy.what());
  }
}

std::unique_ptr<Store> open_state_if_any(const Bucket& bucket) {
  if (in_postgres(bucket)) return open_postgres_store_if_any(postgres_of(bucket));
  return file_is_there(bucket.store()) ? open_state_store_readonly(bucket.store()) : nullptr;
}

std::unique_ptr<Store> open_audit_if_any(const Bucket& bucket) {
  if (!in_postgres(bucket))
    return file_is_there(bucket.store()) ? open_state_store(bucket.store(), {kPatience}) : nullptr;
  if (!open_postgres_store_if_any(postgres_of(bucket))) return nullptr;
  return open_postgres_audit(postgres_of(bucket));
}

std::unique_ptr<Values> open_values(const Bucket& bucket, std::chrono::milliseconds patience,
                                    std::shared_ptr<Leadership> leadership) {
  return in_postgres(bucket) ? open_postgres_values(postgres_of(bucket, std::move(leadership)))
                             : open_kv_store(bucket.secrets(), {patience});
}

std::unique_ptr<Values> open_values_readonly(const Bucket& bucket) {
  return in_postgres(bucket) ? open_postgres_values_readonly(postgres_of(bucket))
                             : open_kv_store_readonly(bucket.secrets());
}

bool has_values(const Bucket& bucket) {
  return in_postgres(bucket) || file_is_there(bucket.secrets() / kKvFile);
}

void require_files(const Bucket& bucket, const std::string& what, const std::string& instead) {
  if (!in_postgres(bucket)) return;
  throw CommandError(kExitUsage, what + " works on files, and the state of this bucket is in " +
                                     state_place(bucket) + ": " + instead);
}

}  // namespace maand
