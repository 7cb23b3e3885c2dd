// What of a backup's secrets/ comes back into a bucket (`maand restore`).
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace maand {

struct RestoredSecrets {
  std::size_t files = 0;           // that were missing, and are back
  std::vector<std::string> moved;  // where what did not fit the backup's key and database is now, full paths
  std::string warning;             // set: stored secrets that do not open all the same
};

// What is missing comes back; what is there is newer and stays. kv.key and kv.db belong together: where one
// is missing and the other does not fit the one of the backup, both are the backup's afterwards, and what was
// there is kept under another name. Throws StoreError, std::filesystem::filesystem_error. Hold the
// BucketLock.
RestoredSecrets restore_secrets(const std::filesystem::path& backup, const std::filesystem::path& secrets);

}  // namespace maand
