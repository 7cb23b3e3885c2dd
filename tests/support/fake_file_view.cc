#include "tests/support/fake_file_view.h"

#include <set>

namespace maand::testing {
namespace {

std::string short_hash(std::string_view bytes) { return sha256(bytes).hex().substr(0, 40); }

std::string prefix_of(std::string_view directory) {
  return directory.empty() ? std::string() : std::string(directory) + "/";
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

}  // namespace

BlobId fake_blob_id(std::string_view content) { return BlobId(short_hash("blob " + std::string(content))); }

FakeFileView::FakeFileView(std::initializer_list<std::pair<const char*, const char*>> files) {
  for (const auto& [path, content] : files) file(path, content);
}

FakeFileView& FakeFileView::put(std::string_view path, EntryKind kind, std::string_view content) {
  remove(path);
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
    const auto above = nodes_.find(path.substr(0, slash));
    if (above != nodes_.end()) nodes_.erase(above);
  }
  nodes_[std::string(path)] = {kind, std::string(content)};
  return *this;
}

FakeFileView& FakeFileView::file(std::string_view path, std::string_view content) {
  return put(path, EntryKind::kRegular, content);
}

FakeFileView& FakeFileView::executable(std::string_view path, std::string_view content) {
  return put(path, EntryKind::kExecutable, content);
}

FakeFileView& FakeFileView::symlink(std::string_view path, std::string_view target) {
  return put(path, EntryKind::kSymlink, target);
}

FakeFileView& FakeFileView::submodule(std::string_view path) { return put(path, EntryKind::kSubmodule, ""); }

FakeFileView& FakeFileView::remove(std::string_view path) {
  const std::string below = prefix_of(path);
  std::erase_if(nodes_,
                [&](const auto& node) { return node.first == path || starts_with(node.first, below); });
  return *this;
}

std::optional<std::string> FakeFileView::read(std::string_view path) const {
  ++reads_;
  const auto node = nodes_.find(path);
  if (node == nodes_.end() || node->second.kind == EntryKind::kSubmodule) return std::nullopt;
  return node->second.content;
}

std::optional<std::vector<Entry>> FakeFileView::list(std::string_view directory) const {
  const std::string below = prefix_of(directory);
  std::vector<Entry> out;
  for (auto node = nodes_.lower_bound(below); node != nodes_.end() && starts_with(node->first, below);
       ++node) {
    out.push_back(
        {node->first, node->second.kind, fake_blob_id(node->second.content), node->second.content.size()});
  }
  if (out.empty() && !directory.empty()) return std::nullopt;
  return out;
}

std::vector<std::string> FakeFileView::subdirectories(std::string_view directory) const {
  const std::string below = prefix_of(directory);
  std::set<std::string> names;
  for (auto node = nodes_.lower_bound(below); node != nodes_.end() && starts_with(node->first, below);
       ++node) {
    const std::size_t slash = node->first.find('/', below.size());
    if (slash != std::string::npos) names.insert(node->first.substr(below.size(), slash - below.size()));
  }
  return {names.begin(), names.end()};
}

TreeId FakeFileView::tree(std::string_view directory) const {
  const auto entries = list(directory);
  if (!entries || entries->empty()) return {};
  const std::size_t skip = prefix_of(directory).size();
  std::string text = "tree ";
  for (const Entry& entry : *entries) {
    text += std::to_string(static_cast<int>(entry.kind)) + entry.blob.str() + entry.path.substr(skip) + '\n';
  }
  return TreeId(short_hash(text));
}

std::optional<std::string> FakeFileView::blob(const BlobId& id) const {
  for (const auto& [path, node] : nodes_) {
    if (fake_blob_id(node.content) == id) return node.content;
  }
  return std::nullopt;
}

}  // namespace maand::testing
