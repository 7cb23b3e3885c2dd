// The refs of previews in a repository of their own beside the mirror.
//
// What strangers propose never comes into the mirror: not its objects, not its packs,
// and not the time its lock is held. The repository borrows the mirror's objects
// (alternates), so that only what is new travels; when it has grown past its budget it
// is removed and begun anew.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gitsource/git_options.h"
#include "reconciler/core/preview/preview.h"

namespace maand {

struct GitPreviewOptions {
  std::string repository;               // directory; made when missing
  std::uint64_t max_fetch_bytes = 0;    // of one fetch; a larger one is refused
  std::uint64_t max_total_bytes = 0;    // of all packs together
  std::chrono::milliseconds timeout{};  // of one fetch
};

// One thread at a time; interrupt() from any.
class GitPreviews : public PreviewRefs {
 public:
  // `options`: the bucket's. Touches no disk yet.
  GitPreviews(const GitOptions& options, GitPreviewOptions previews);
  ~GitPreviews() override;

  CommitId bring(const std::string& ref, const CommitId& commit, const CommitId& head) override;
  void keep_only(const std::vector<std::string>& refs) override;

  // For shutdown, as GitSource::interrupt.
  void interrupt();

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace maand
