#include "reconciler/app/judge.h"

#include <unordered_map>
#include <utility>

namespace maand {

// A blob's digest never changes, so it is computed once for as long as we live.
class Judge::Digests : public ContentDigests {
 public:
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

Judge::Judge(Lane& lane, Source& source, std::string root, WorkspaceLimits limits)
    : lane_(lane),
      source_(source),
      root_(std::move(root)),
      limits_(limits),
      digests_(std::make_shared<Digests>()) {}

void Judge::start(const CommitId& commit, const AppliedState& applied,
                  std::function<void(JudgedPtr, std::exception_ptr)> done) {
  auto judged = std::make_shared<Judged>();
  const auto load = [this, judged, commit, base = applied.applied] {
    judged->info = source_.describe(commit);
    judged->history = source_.history(base, commit);
    judged->workspace = load_workspace(*source_.open_view(commit), root_, limits_, digests_.get());
  };
  lane_.start(load, [this, judged, &applied, done = std::move(done)](std::exception_ptr error) {
    const std::map<JobName, CommitId> needed =
        error ? std::map<JobName, CommitId>{} : kept_content(judged->workspace, applied);
    if (error || needed.empty()) {
      done(error ? nullptr : judged, error);
      return;
    }
    lane_.start([this, judged, needed] { judged->kept = load_kept(needed); },
                [judged, done](std::exception_ptr failure) { done(failure ? nullptr : judged, failure); });
  });
}

JudgedPtr Judge::refresh(const JudgedPtr& judged, const AppliedState& applied) {
  const std::map<JobName, CommitId> needed = kept_content(judged->workspace, applied);
  if (needed.empty() && judged->kept.empty()) return judged;
  auto fresh = std::make_shared<Judged>(*judged);
  fresh->kept = lane_.await([&] { return load_kept(needed); });
  return fresh;
}

std::map<JobName, KeptJob> Judge::load_kept(const std::map<JobName, CommitId>& needed) {
  std::map<JobName, KeptJob> kept;
  std::map<CommitId, std::unique_ptr<FileView>> views;
  for (const auto& [name, commit] : needed) {
    std::unique_ptr<FileView>& view = views[commit];
    if (!view) view = source_.open_view(commit);
    if (auto job = load_job(*view, root_, name, limits_, digests_.get()))
      kept[name] = {commit, std::move(*job)};
  }
  return kept;
}

}  // namespace maand
