// Writing to the bucket's store of variables from a command: under the bucket's lock, or beside a
// daemon that answers, whose store notices what another process wrote and rolls it out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reconciler/cli/bucket.h"
#include "reconciler/core/values.h"
#include "reconciler/store/bucket_lock.h"

namespace maand {

inline std::string secrets_of(const std::string& job) { return "secrets/job/" + job; }

class StoredSecrets {
 public:
  // Throws CommandError: kExitNoDaemon when something else than a daemon has the bucket.
  explicit StoredSecrets(const Bucket& bucket);

  Values& values() { return *values_; }
  bool beside_daemon() const { return !lock_; }
  // All or none, and kept as an order of whoever runs this (R7.4): `action` on `job`, `detail` names keys and
  // never a value. Throws CommandError, also for a key that is to go and is not there.
  void write(const std::vector<ValueChange>& changes, const std::string& action, const std::string& job,
             const std::string& detail);

 private:
  const Bucket bucket_;
  std::shared_ptr<BucketLock> lock_;  // null: a daemon has it
  std::unique_ptr<Values> values_;
};

// The lock, or null when a daemon that answers has it. Throws as above.
std::shared_ptr<BucketLock> lock_or_daemon(const Bucket& bucket);

}  // namespace maand
