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

// One shipped file. `path` is relative to the job directory, `/`-separated,
// without `.`, `..`, empty components, backslash or newline.
struct ShippedFile {
  std::string path;
  FileMode mode = FileMode::kRegular;
  Digest content;                // SHA-256 of the bytes (of the link target for symlinks)
  std::uint64_t size_bytes = 0;  // of the content
  BlobId blob;                   // where Blobs finds the bytes

  friend bool operator==(const ShippedFile&, const ShippedFile&) = default;
};

// An immutable set, sorted bytewise by path; shared between the allocations of a job.
struct FileSet {
  std::vector<ShippedFile> files;
  // SHA-256 over (path, mode, content) of every file that counts as a
  // difference: all but the top-level `manifest.json` (R3.2).
  Digest digest;
  // SHA-256 over (path, mode, content) of *every* file, `manifest.json` as
  // well: names the exact list that lies on a worker.
  Digest list_id;
};
using FileSetPtr = std::shared_ptr<const FileSet>;

// Sorts `files` and computes both digests. REQUIRES: paths are unique.
FileSetPtr make_file_set(std::vector<ShippedFile> files);

// The set a removed or never synced allocation has. Never null.
FileSetPtr empty_file_set();

// Paths that were added, removed, or differ in mode or content, sorted,
// `manifest.json` left out. Either side may be null (= empty).
std::vector<std::string> changed_paths(const FileSet* from, const FileSet* to);

}  // namespace maand
