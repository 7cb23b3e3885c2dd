#include "reconciler/app/output_files.h"

#include <sys/stat.h>

#include <fstream>
#include <utility>

namespace maand {

OutputFiles::OutputFiles(std::filesystem::path directory, std::uint64_t max_bytes)
    : directory_(std::move(directory)), max_bytes_(max_bytes) {}

// Neither a job name nor a host can hold a slash (workspace.md, list of differences).
std::filesystem::path OutputFiles::file_of(const std::filesystem::path& directory,
                                           const AllocationKey& allocation) {
  return directory / (allocation.str() + ".log");
}

void OutputFiles::output(const AllocationKey& allocation, const OperationId& operation,
                         std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  std::error_code ignored;
  if (std::filesystem::create_directories(directory_, ignored)) {
    std::filesystem::permissions(directory_, std::filesystem::perms::owner_all, ignored);
  }
  const std::filesystem::path file = file_of(directory_, allocation);
  const std::uintmax_t size = std::filesystem::file_size(file, ignored);
  if (!ignored && size > max_bytes_) {
    std::filesystem::rename(file, std::filesystem::path(file) += ".1", ignored);
  }
  std::ofstream out(file, std::ios::app | std::ios::binary);
  if (!out) return;
  OperationId& newest = newest_[allocation];
  if (newest != operation) {
    newest = operation;
    out << "--- operation " << operation.str() << "\n";
  }
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace maand
