#include "gitsource/git_blobs.h"

#include <utility>

#include "gitsource/git_error.h"

namespace maand {

std::shared_ptr<const std::string> GitBlobs::read(const BlobId& blob) {
  const std::lock_guard guard(mutex_);
  if (const auto it = cache_.find(blob); it != cache_.end()) {
    ages_.splice(ages_.begin(), ages_, it->second.age);
    return it->second.bytes;
  }
  auto bytes = marking_broken(mirror_, [&] { return load(blob); });
  remember(blob, bytes);
  return bytes;
}

std::shared_ptr<const std::string> GitBlobs::load(const BlobId& blob) {
  const git_oid id = to_oid(blob.str());
  if (generation_ != mirror_.generation() || !odb_) {
    const int generation = mirror_.generation();
    odb_.reset();
    repository_ = mirror_.open();
    git_odb* raw = nullptr;
    check_mirror(git_repository_odb(&raw, repository_.get()), "open the object database");
    odb_.reset(raw);
    generation_ = generation;
  }
  git_odb_object* raw = nullptr;
  check_mirror(git_odb_read(&raw, odb_.get(), &id), "read a file's bytes");
  const GitOdbObject object(raw);
  if (git_odb_object_type(object.get()) != GIT_OBJECT_BLOB) {
    throw SourceError(SourceProblem::kOther, "object " + blob.str() + " is not a file");
  }
  return std::make_shared<const std::string>(static_cast<const char*>(git_odb_object_data(object.get())),
                                             git_odb_object_size(object.get()));
}

void GitBlobs::remember(const BlobId& blob, const std::shared_ptr<const std::string>& bytes) {
  if (bytes->size() > cache_bytes_ / 4) return;  // one large file would push all small ones out
  ages_.push_front(blob);
  cache_[blob] = {bytes, ages_.begin()};
  held_bytes_ += bytes->size();
  while (held_bytes_ > cache_bytes_) {
    const auto oldest = cache_.find(ages_.back());
    held_bytes_ -= oldest->second.bytes->size();
    cache_.erase(oldest);
    ages_.pop_back();
  }
}

}  // namespace maand
