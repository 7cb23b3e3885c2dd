#include "reconciler/cli/file_changes.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace maand {
namespace {

constexpr std::size_t kMostOlderCommits = 8;  // each is loaded and placed once
constexpr std::size_t kMostToldBytes = 4u << 20;

const ShippedFile* find(const FileSet* files, const std::string& path) {
  if (!files) return nullptr;
  const auto at = std::lower_bound(files->files.begin(), files->files.end(), path,
                                   [](const ShippedFile& one, const std::string& p) { return one.path < p; });
  return at != files->files.end() && at->path == path ? &*at : nullptr;
}

// A rendered file that only its owner may read: it may well hold a secret.
bool is_private(const ShippedFile& file) { return file.blob.empty() && file.attributes.permissions != 0; }

}  // namespace

class FileChanges::Before {
 public:
  Before(FileChanges& changes, const AppliedAllocation& applied) : changes_(changes), applied_(applied) {
    add(applied.commit);
    add(applied.attempted_head);  // a failed operation has shipped its files as well
    const auto record = changes.head_.applied.jobs.find(applied.key.job);
    if (record != changes.head_.applied.jobs.end()) add(record->second.target_commit);
  }

  FileSide side(const ShippedFile& file) {
    if (!file.blob.empty()) {
      FileSide out{&file, changes_.head_.read_blob(file.blob), false};
      if (out.text && sha256(*out.text) != file.content) out.text.reset();
      return out;
    }
    for (const CommitId& commit : commits_) {
      auto& files = rendered_[commit];
      if (!files) files = rendered_at(commit);
      FileSide out = files->side(file);
      if (out.text || out.holds_secret) return out;
    }
    return {&file, std::nullopt, is_private(file)};
  }

 private:
  void add(const CommitId& commit) {
    if (!commit.empty() && std::find(commits_.begin(), commits_.end(), commit) == commits_.end())
      commits_.push_back(commit);
  }

  RenderedFiles rendered_at(const CommitId& commit) {
    const RenderedWorld* world = changes_.world_at(commit);
    return world ? world->files(applied_.key, applied_.rendered_with) : RenderedFiles{};
  }

  FileChanges& changes_;
  const AppliedAllocation& applied_;
  std::vector<CommitId> commits_;  // where its files may be from
  std::map<CommitId, std::optional<RenderedFiles>> rendered_;
};

FileChanges::FileChanges(const JudgedHead& head, DiffTexts diff)
    : head_(head), diff_(std::move(diff)), now_(head) {}

RenderedWorld* FileChanges::world_at(const CommitId& commit) {
  const auto known = older_.find(commit);
  if (known != older_.end()) return known->second.get();
  if (older_.size() >= kMostOlderCommits) return nullptr;
  std::unique_ptr<RenderedWorld>& world = older_[commit];
  if (auto workspace = head_.workspace_at(commit))
    world = std::make_unique<RenderedWorld>(head_, std::move(*workspace));
  return world.get();
}

FileSide FileChanges::new_side(const PlannedAction& action, const ShippedFile& file,
                               const RenderedFiles& files) const {
  if (file.text || file.blob.empty()) return files.side(file);
  return {&file, head_.read(action.key.job, file), false};
}

std::vector<FileChange> FileChanges::of(const PlannedAction& action) {
  std::vector<FileChange> out;
  const bool removes = action.action == Action::kRemove;
  if (!removes && !ships_files(action.action)) return out;
  const AppliedAllocation* applied = head_.applied.find(action.key);
  const FileSet* from = applied ? applied->files.get() : nullptr;
  const FileSet* to = removes ? nullptr : action.files.get();
  const RenderedWith now{{}, applied ? applied->version : "0.0.0", head_.rendering.update_seq};
  const RenderedFiles files = removes ? RenderedFiles{} : now_.files(action.key, now);
  std::optional<Before> before;
  if (applied) before.emplace(*this, *applied);
  for (const std::string& path : changed_paths(from, to)) {
    const ShippedFile* old_file = find(from, path);
    const ShippedFile* new_file = find(to, path);
    const FileSide old_side = old_file && !new_file ? FileSide{old_file, std::nullopt, is_private(*old_file)}
                              : old_file            ? before->side(*old_file)
                                                    : FileSide{};
    const FileSide new_side = new_file ? this->new_side(action, *new_file, files) : FileSide{};
    FileChange change = change_of(old_side, new_side, from != nullptr, diff_);
    for (const std::string& line : change.diff) told_bytes_ += line.size();
    if (told_bytes_ > kMostToldBytes && !change.diff.empty()) {
      change.diff.clear();
      change.cut = true;
    }
    out.push_back(std::move(change));
  }
  return out;
}

}  // namespace maand
