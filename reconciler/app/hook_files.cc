#include "reconciler/app/hook_files.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
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

// The path that `target` leads to from where the link lies; "": out of the commit.
std::string lead_from(const std::string& link, const std::string& target) {
  if (target.empty() || target.front() == '/' || target.find('\0') != target.npos) return "";
  const std::filesystem::path path = (std::filesystem::path(link).parent_path() / target).lexically_normal();
  const std::string out = path.generic_string();
  return out.starts_with("../") || out == ".." || out == "." || out.ends_with('/') ? "" : out;
}

// What there is at a path of the commit; nullopt: no file.
std::optional<Entry> entry_at(const FileView& view, const std::string& path) {
  const auto entries = view.list(std::filesystem::path(path).parent_path().generic_string());
  if (!entries) return std::nullopt;
  const auto found =
      std::find_if(entries->begin(), entries->end(), [&](const Entry& one) { return one.path == path; });
  if (found == entries->end()) return std::nullopt;
  return *found;
}

// What a chain of links comes to; nullopt: no file of the commit.
std::optional<Entry> followed(const FileView& view, Entry entry) {
  constexpr int kMostLinks = 8;
  for (int i = 0; i < kMostLinks && entry.kind == EntryKind::kSymlink; ++i) {
    const std::string path = lead_from(entry.path, view.read(entry.path).value_or(""));
    std::optional<Entry> next = path.empty() ? std::nullopt : entry_at(view, path);
    if (!next) return std::nullopt;
    entry = *std::move(next);
  }
  if (entry.kind != EntryKind::kRegular && entry.kind != EntryKind::kExecutable) return std::nullopt;
  return entry;
}

}  // namespace

JobFiles read_hook_files(const FileView& view, const std::string& directory) {
  const auto entries = view.list(directory);
  if (!entries) throw SourceError(SourceProblem::kOther, directory + " is not in the commit");
  auto files = std::make_shared<std::vector<HookFile>>();
  bool own = true;
  std::uint64_t bytes = 0;
  for (const Entry& listed : *entries) {
    std::string path = listed.path.substr(directory.size() + 1);
    if (is_left_out(path)) continue;
    // What a link leads to is there with other content, or not, without the tree being another one.
    own = own && (listed.kind != EntryKind::kSymlink ||
                  lead_from(listed.path, view.read(listed.path).value_or("")).starts_with(directory + "/"));
    const std::optional<Entry> entry = followed(view, listed);
    if (!entry) continue;
    bytes += entry->size_bytes;
    if (bytes > kMostBytes)
      throw SourceError(SourceProblem::kOther,
                        directory + " holds more than 64 MiB, too much to run hooks in");
    auto text = view.read(entry->path);
    if (!text) continue;
    files->push_back({std::move(path), entry->kind == EntryKind::kExecutable,
                      std::make_shared<const std::string>(*std::move(text))});
  }
  return {files, own};
}

}  // namespace maand
