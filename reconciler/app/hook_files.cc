#include "reconciler/app/hook_files.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace maand {
namespace {

constexpr std::uint64_t kMostBytes = 64u << 20;
constexpr std::array<std::string_view, 5> kLeftOut = {"_prometheus", ".venv", "venv", "node_modules",
                                                      "__pycache__"};

bool is_left_out(std::string_view path) {
  bool top = true;
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
    const std::string_view part = path.substr(0, slash);
    const bool named = std::find(kLeftOut.begin(), kLeftOut.end(), part) != kLeftOut.end();
    if (named && (top || part != kLeftOut[0])) return true;
    path.remove_prefix(slash + 1);
    top = false;
  }
  return false;
}

}  // namespace

HookFiles read_hook_files(const FileView& view, const std::string& directory) {
  const auto entries = view.list(directory);
  if (!entries) throw SourceError(SourceProblem::kOther, directory + " is not in the commit");
  auto files = std::make_shared<std::vector<HookFile>>();
  std::uint64_t bytes = 0;
  for (const Entry& entry : *entries) {
    if (entry.kind != EntryKind::kRegular && entry.kind != EntryKind::kExecutable) continue;
    std::string path = entry.path.substr(directory.size() + 1);
    if (is_left_out(path)) continue;
    bytes += entry.size_bytes;
    if (bytes > kMostBytes)
      throw SourceError(SourceProblem::kOther,
                        directory + " holds more than 64 MiB, too much to run hooks in");
    auto text = view.read(entry.path);
    if (!text) continue;
    files->push_back({std::move(path), entry.kind == EntryKind::kExecutable,
                      std::make_shared<const std::string>(*std::move(text))});
  }
  return files;
}

}  // namespace maand
