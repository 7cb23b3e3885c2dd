// Files → a GNU tar stream, produced piece by piece.
//
// Holds one file's bytes at a time, whatever the whole weighs. No hard links, no
// owners, no times (worker-protocol.md, trap "tar").
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/files.h"
#include "reconciler/core/ports.h"

namespace maand {

struct TarMember {
  std::string path;  // in the stream
  FileMode mode = FileMode::kRegular;
  std::string content;  // used when neither of the next two is there
  BlobId blob;
  std::shared_ptr<const std::string> bytes;  // of a rendered file
  std::uint64_t size_bytes = 0;              // of the blob or the rendered file
};

class TarStream {
 public:
  // `blobs` must outlive the stream; null when no member names a blob.
  TarStream(std::vector<TarMember> members, Blobs* blobs);
  ~TarStream();
  TarStream(const TarStream&) = delete;
  TarStream& operator=(const TarStream&) = delete;

  // The next piece; empty at the end. Valid until the next call. Throws SourceError.
  std::string_view next();

 private:
  struct Writer;
  void write(const TarMember& member);

  std::vector<TarMember> members_;
  Blobs* blobs_;
  std::size_t at_ = 0;
  bool closed_ = false;
  std::string piece_;
  std::unique_ptr<Writer> writer_;
};

}  // namespace maand
