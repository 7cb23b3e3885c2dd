// Digests of blobs that were read before. A blob never changes, so one is computed once
// for as long as this lives.
#pragma once

#include <unordered_map>

#include "reconciler/core/applied.h"
#include "reconciler/core/workspace.h"

namespace maand {

// One thread at a time.
class KnownDigests : public ContentDigests {
 public:
  KnownDigests() = default;
  // Of what is shipped now.
  explicit KnownDigests(const AppliedState& applied) {
    for (const auto& [key, allocation] : applied.allocations) {
      if (!allocation.files) continue;
      for (const ShippedFile& file : allocation.files->files) {
        if (!file.blob.empty()) put(file.blob, file.content);
      }
    }
  }

  const Digest* find(const BlobId& blob) const override {
    const auto it = known_.find(blob);
    return it == known_.end() ? nullptr : &it->second;
  }
  void put(const BlobId& blob, const Digest& digest) override {
    if (known_.size() >= kMost) known_.clear();
    known_[blob] = digest;
  }

 private:
  static constexpr std::size_t kMost = 1'000'000;  // about 150 MB; a workspace has thousands
  std::unordered_map<BlobId, Digest> known_;
};

}  // namespace maand
