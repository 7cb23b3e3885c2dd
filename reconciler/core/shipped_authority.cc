#include "reconciler/core/shipped_authority.h"

#include <algorithm>
#include <string>
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

}  // namespace

std::optional<ShippedFile> authority_file(const Job& job, const VariableSources& sources) {
  if (sources.ca_pem.empty()) return std::nullopt;
  const auto is_file = [](const auto& one) { return one.path == "certs"; };
  const bool taken = std::any_of(job.files->files.begin(), job.files->files.end(), is_file) ||
                     std::any_of(job.templates.begin(), job.templates.end(), is_file);
  if (taken) return std::nullopt;
  return certificate_file(job, std::string(kAuthorityPath), sources.ca_pem);
}

FileSetPtr with_authority(const Job& job, const VariableSources& sources) {
  std::optional<ShippedFile> authority = authority_file(job, sources);
  if (!authority) return job.files;
  std::vector<ShippedFile> files = but_the_authority(*job.files);
  files.push_back(std::move(*authority));
  return make_file_set(std::move(files));
}

FileSetPtr compared_with_authority(const Job& job, const VariableSources& sources, FileSetPtr files) {
  if (!job.certs.empty() || !sources.authority_unsure || !authority_file(job, sources)) return files;
  return make_file_set(but_the_authority(*files));
}

}  // namespace maand
