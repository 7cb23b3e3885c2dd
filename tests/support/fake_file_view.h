// An in-memory FileView for unit tests: a map from path to content.
//
// Behaves like a commit in git: directories exist because files lie below them,
// a blob's id depends on its bytes alone and a tree's id on everything below it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/ports.h"

namespace maand::testing {

class FakeFileView : public FileView {
 public:
  FakeFileView() = default;
  // Regular files.
  FakeFileView(std::initializer_list<std::pair<const char*, const char*>> files);

  // Each replaces what was at `path`, with all that was below it, and a file that stands where a
  // directory has to be. Returns *this, so that calls can be chained.
  FakeFileView& file(std::string_view path, std::string_view content);
  FakeFileView& executable(std::string_view path, std::string_view content);
  FakeFileView& symlink(std::string_view path, std::string_view target);
  FakeFileView& submodule(std::string_view path);
  // Removes the file, or everything below the directory, at `path`.
  FakeFileView& remove(std::string_view path);

  std::optional<std::string> read(std::string_view path) const override;
  std::optional<std::vector<Entry>> list(std::string_view directory) const override;
  std::vector<std::string> subdirectories(std::string_view directory) const override;
  TreeId tree(std::string_view directory) const override;

  // Bytes of a blob that lies somewhere in the view; nullopt: none such.
  std::optional<std::string> blob(const BlobId& id) const;
  // How often read() was called, for promises about cost.
  int reads() const { return reads_; }

 private:
  struct Node {
    EntryKind kind = EntryKind::kRegular;
    std::string content;
  };
  FakeFileView& put(std::string_view path, EntryKind kind, std::string_view content);

  std::map<std::string, Node, std::less<>> nodes_;
  mutable int reads_ = 0;
};

// The id such a view gives to these bytes: 40 hex digits, but not git's own.
BlobId fake_blob_id(std::string_view content);

}  // namespace maand::testing
