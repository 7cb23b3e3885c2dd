// Bytes of blobs for shipping, from the mirror, for many threads at once.
#pragma once

#include <list>
#include <mutex>
#include <unordered_map>

#include "gitsource/git_repo.h"

namespace maand {

// One handle behind a mutex: libgit2's object database may be shared, but a
// replaced mirror needs the handle opened again, and reading a blob is short
// beside sending it. Keeps the most recently used bytes, up to `cache_bytes`:
// a rollout reads the same files for every worker.
class GitBlobs : public Blobs {
 public:
  GitBlobs(GitMirror& mirror, std::size_t cache_bytes) : mirror_(mirror), cache_bytes_(cache_bytes) {}
  std::shared_ptr<const std::string> read(const BlobId& blob) override;

 private:
  struct Cached {
    std::shared_ptr<const std::string> bytes;
    std::list<BlobId>::iterator age;
  };
  std::shared_ptr<const std::string> load(const BlobId& blob);
  void remember(const BlobId& blob, const std::shared_ptr<const std::string>& bytes);

  GitMirror& mirror_;
  const std::size_t cache_bytes_;
  std::mutex mutex_;
  int generation_ = -1;
  GitRepository repository_;
  GitOdb odb_;
  std::size_t held_bytes_ = 0;
  std::list<BlobId> ages_;  // newest first
  std::unordered_map<BlobId, Cached> cache_;
};

}  // namespace maand
