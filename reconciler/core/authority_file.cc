#include "reconciler/core/authority_file.h"

#include <optional>
#include <utility>
#include <vector>

#include "reconciler/core/certificate_files.h"

namespace maand {
namespace {

std::vector<ShippedFile> but_the_authority(const FileSet& list) {
  std::vector<ShippedFile> files = list.files;
  std::erase_if(files, [](const ShippedFile& file) { return file.path == kAuthorityPath; });
  return files;
}

FileSetPtr with_authority(const Job& job, const VariableSources& sources) {
  std::optional<ShippedFile> authority = authority_file(job, sources);
  if (!authority) return job.files;
  std::vector<ShippedFile> files = but_the_authority(*job.files);
  files.push_back(std::move(*authority));
  return make_file_set(std::move(files));
}

}  // namespace

AllocationContent plain_content(const Job& job, const VariableSources& sources) {
  const FileSetPtr files = job.certs.empty() ? with_authority(job, sources) : job.files;
  AllocationContent out{files, files, {}};
  compare_without_authority(job, sources, out);
  return out;
}

void compare_without_authority(const Job& job, const VariableSources& sources, AllocationContent& content) {
  if (!job.certs.empty() || !sources.authority_unsure || !authority_file(job, sources)) return;
  content.compared = make_file_set(but_the_authority(*content.compared));
}

}  // namespace maand
