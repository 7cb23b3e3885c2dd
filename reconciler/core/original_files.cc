#include "reconciler/core/original_files.h"

#include <algorithm>
#include <array>

#include "reconciler/core/names.h"

namespace maand {
namespace {

constexpr std::string_view kTemplate = ".tpl";

}  // namespace

// workspace.md 8.3: what its rsync leaves out.
bool is_sent(std::string_view path) {
  static constexpr std::array<std::string_view, 5> kKept = {"data", "logs", "bin", "_modules", "_prometheus"};
  const std::string_view top = path.substr(0, path.find('/'));
  return std::find(kKept.begin(), kKept.end(), top) == kKept.end() && !path.ends_with(kTemplate) &&
         !path_problem(path);
}

const FoundWorker* reading_of(const FoundWorkers& found, const WorkerHost& host) {
  const auto worker = found.find(host);
  if (worker == found.end() || worker->second.condition != WorkerCondition::kNone) return nullptr;
  return &worker->second;
}

const std::vector<FoundFile>& files_of(const FoundWorker& worker, const JobName& job) {
  static const std::vector<FoundFile> kNone;
  const auto files = worker.files.find(job);
  return files == worker.files.end() ? kNone : files->second;
}

std::string md5_at(const Md5ByPath& files, const std::string& path) {
  const auto file = files.find(path);
  return file == files.end() ? std::string() : file->second;
}

std::set<std::string> sent_paths(const OriginalBucket& original, const OriginalAllocation& allocation) {
  std::set<std::string> out;
  const auto add = [&](const std::string& path) {
    if (is_sent(path)) out.insert(path);
  };
  for (const Md5ByPath* files : {&allocation.promoted_files, &allocation.staged_files}) {
    for (const auto& [path, md5] : *files) add(path);
  }
  if (!out.empty()) return out;
  const auto built = original.built_files.find(allocation.key.job);
  if (built == original.built_files.end()) return out;
  for (const std::string& path : built->second) {
    add(path.ends_with(kTemplate) ? path.substr(0, path.size() - kTemplate.size()) : path);
  }
  return out;
}

}  // namespace maand
