// What targets print, kept beside the store for `maand logs`: one file per
// allocation, the newest operation last, capped.
//
// Thread-safe. Never fails an operation: what cannot be written is dropped.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <string>

#include "reconciler/core/ports.h"

namespace maand {

class OutputFiles : public OutputSink {
 public:
  // `directory` is made when needed (0700). A file that passes `max_bytes` is
  // moved to `<name>.1`, replacing the one before.
  explicit OutputFiles(std::filesystem::path directory, std::uint64_t max_bytes = 8u << 20);

  void output(const AllocationKey& allocation, const OperationId& operation, std::string_view bytes) override;

  static std::filesystem::path file_of(const std::filesystem::path& directory,
                                       const AllocationKey& allocation);

 private:
  const std::filesystem::path directory_;
  const std::uint64_t max_bytes_;
  std::mutex mutex_;
  std::map<AllocationKey, OperationId> newest_;  // for the line that separates operations
};

}  // namespace maand
