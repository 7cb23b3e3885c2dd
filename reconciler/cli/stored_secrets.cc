#include "reconciler/cli/stored_secrets.h"

#include <chrono>

#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/daemon_link.h"
#include "reconciler/cli/kept_order.h"
#include "reconciler/cli/services.h"
#include "reconciler/core/ports.h"

namespace maand {

std::shared_ptr<BucketLock> lock_or_daemon(const Bucket& bucket) {
  try {
    return Services::take_lock(bucket);
  } catch (const CommandError& busy) {
    if (busy.status() != kExitNoDaemon || !DaemonLink(bucket.socket()).get("/api/v1/status").done()) throw;
    return nullptr;
  }
}

StoredSecrets::StoredSecrets(const Bucket& bucket) : bucket_(bucket), lock_(lock_or_daemon(bucket)) {
  constexpr std::chrono::seconds kPatience{10};  // a person waits; the daemon writes for milliseconds
  try {
    values_ = open_values(bucket, kPatience);
  } catch (const StoreError& error) {
    throw CommandError(kExitFailed, error.what());
  }
}

void StoredSecrets::write(const std::vector<ValueChange>& changes, const std::string& action,
                          const std::string& job, const std::string& detail) {
  ValueWrite verdict;
  try {
    verdict = values_->write(changes, std::chrono::system_clock::now());
  } catch (const StoreError& error) {
    throw CommandError(kExitFailed, error.what());
  }
  if (verdict.refusal != ValueRefusal::kNone) throw CommandError(kExitFailed, verdict.problem);
  keep_order(bucket_, action, job, detail);
}

}  // namespace maand
