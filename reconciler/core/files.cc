#include "reconciler/core/files.h"

#include <algorithm>
#include <utility>

namespace maand {
namespace {

constexpr std::string_view kManifest = "manifest.json";

// Unambiguous: a path holds no newline, a digest has a fixed length, and names of
// owners hold neither.
void append_entry(std::string& out, const ShippedFile& file) {
  static constexpr char kModes[] = {'f', 'x', 'l'};
  out.push_back(kModes[static_cast<int>(file.mode)]);
  out.append(reinterpret_cast<const char*>(file.content.bytes.data()), file.content.bytes.size());
  out.append(file.path);
  if (const FileAttributes& has = file.attributes; !has.usual()) {
    out += "\n " + std::to_string(has.permissions) + " " + has.owner + ":" + has.group;
  }
  out.push_back('\n');
}

}  // namespace

FileSetPtr make_file_set(std::vector<ShippedFile> files) {
  auto set = std::make_shared<FileSet>();
  set->files = std::move(files);
  std::sort(set->files.begin(), set->files.end(),
            [](const ShippedFile& a, const ShippedFile& b) { return a.path < b.path; });
  std::string every;
  std::string counted;  // stays empty where that is all
  bool all = true;
  every.reserve(set->files.size() * 64);
  for (const ShippedFile& file : set->files) all = all && file.path != kManifest;
  for (const ShippedFile& file : set->files) {
    append_entry(every, file);
    if (!all && file.path != kManifest) append_entry(counted, file);
  }
  set->list_id = sha256(every);
  set->digest = all ? set->list_id : sha256(counted);
  return set;
}

FileSetPtr empty_file_set() {
  static const FileSetPtr kEmpty = make_file_set({});
  return kEmpty;
}

std::vector<std::string> changed_paths(const FileSet* from, const FileSet* to) {
  static const std::vector<ShippedFile> kNone;
  const std::vector<ShippedFile>& a = from ? from->files : kNone;
  const std::vector<ShippedFile>& b = to ? to->files : kNone;
  std::vector<std::string> out;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    const ShippedFile* changed = nullptr;
    if (j == b.size() || (i < a.size() && a[i].path < b[j].path)) {
      changed = &a[i++];
    } else if (i == a.size() || b[j].path < a[i].path) {
      changed = &b[j++];
    } else {
      if (a[i] != b[j]) changed = &b[j];
      ++i;
      ++j;
    }
    if (changed && changed->path != kManifest) out.push_back(changed->path);
  }
  return out;
}

}  // namespace maand
