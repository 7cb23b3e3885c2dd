// The files of an allocation: what would stand in `jobs/<job>/` on the worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "reconciler/core/ids.h"

namespace maand {

enum class FileMode {
  kRegular,     // 0644
  kExecutable,  // 0755
  kSymlink,     // content is the link's target
};

// Mode bits and owner that a file has on the worker beyond what `FileMode` says:
// from `files` of the manifest, or because it was rendered from a secret.
struct FileAttributes {
  int permissions = 0;  // 0001..0777; 0 = 0644, or 0755 for an executable
  std::string owner;    // a user of the worker; empty = who maand logs in as
  std::string group;    // empty = that user's

  bool usual() const { return permissions == 0 && owner.empty() && group.empty(); }
  friend bool operator==(const FileAttributes&, const FileAttributes&) = default;
};

// One shipped file. `path` is relative to the job directory, `/`-separated,
// without `.`, `..`, empty components, backslash or newline.
struct ShippedFile {
  std::string path;
  FileMode mode = FileMode::kRegular;
  Digest content;                // SHA-256 of the bytes (of the link target for symlinks)
  std::uint64_t size_bytes = 0;  // of the content
  BlobId blob;                   // where Blobs finds the bytes; empty for a rendered file
  FileAttributes attributes;
  // The bytes of a rendered file. Null for a blob's, and for a list that was read
  // back from the store: a rendering is kept nowhere, it may hold secrets.
  std::shared_ptr<const std::string> text;

  // What lies there is the same: where the bytes come from does not count.
  friend bool operator==(const ShippedFile& a, const ShippedFile& b) {
    return a.path == b.path && a.mode == b.mode && a.content == b.content && a.attributes == b.attributes;
  }
};

// What the templates of a list were rendered with; empty where there are none.
struct RenderedWith {
  // SHA-256 over every value they read, the two below left out. Another one tells a
  // changed value from a maand that renders the same otherwise (R1.10).
  Digest values;
  // Values that move by themselves, and are no reason to roll out (workspace.md,
  // list of differences): a later plan asks what these would give, not today's.
  std::string current_version;
  std::int64_t update_seq = 0;

  friend bool operator==(const RenderedWith&, const RenderedWith&) = default;
};

// An immutable set, sorted bytewise by path; shared between the allocations of a job.
struct FileSet {
  std::vector<ShippedFile> files;
  // SHA-256 over (path, mode, attributes, content) of every file that counts as
  // a difference: all but the top-level `manifest.json` (R3.2).
  Digest digest;
  // The same of *every* file, `manifest.json` as well: names the exact list that
  // lies on a worker.
  Digest list_id;
};
using FileSetPtr = std::shared_ptr<const FileSet>;

// Sorts `files` and computes both digests. REQUIRES: paths are unique.
FileSetPtr make_file_set(std::vector<ShippedFile> files);

// The set a removed or never synced allocation has. Never null.
FileSetPtr empty_file_set();

// Paths that were added, removed, or differ in mode, attributes or content, sorted,
// `manifest.json` left out. Either side may be null (= empty).
std::vector<std::string> changed_paths(const FileSet* from, const FileSet* to);

}  // namespace maand
