#include "tests/support/fake_source.h"

#include <utility>

#include "reconciler/core/note_document.h"

namespace maand::testing {
namespace {

// A view of the test's own, over files that other views share.
class SharedView : public FileView {
 public:
  explicit SharedView(std::shared_ptr<const FakeFileView> files) : files_(std::move(files)) {}
  std::optional<std::string> read(std::string_view path) const override { return files_->read(path); }
  std::optional<std::vector<Entry>> list(std::string_view directory) const override {
    return files_->list(directory);
  }
  std::vector<std::string> subdirectories(std::string_view directory) const override {
    return files_->subdirectories(directory);
  }
  TreeId tree(std::string_view directory) const override { return files_->tree(directory); }

 private:
  std::shared_ptr<const FakeFileView> files_;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

class FakeSource::FakeBlobs : public Blobs {
 public:
  std::shared_ptr<const std::string> read(const BlobId& blob) override {
    const std::lock_guard guard(mutex_);
    for (const auto& files : views_) {
      if (auto bytes = files->blob(blob)) return std::make_shared<const std::string>(std::move(*bytes));
    }
    throw SourceError(SourceProblem::kMirrorBroken, "no blob " + blob.str());
  }
  void add(std::shared_ptr<const FakeFileView> files) {
    const std::lock_guard guard(mutex_);
    views_.push_back(std::move(files));
  }

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<const FakeFileView>> views_;
};

FakeSource::FakeSource() : blobs_(std::make_shared<FakeBlobs>()) {}

CommitId FakeSource::commit(FakeFileView files, const std::string& message) {
  const Guard guard(lock_);
  return commit_on(remote_head_, std::move(files), message);
}

CommitId FakeSource::commit_on(const CommitId& parent, FakeFileView files, const std::string& message) {
  const Guard guard(lock_);
  const int age = static_cast<int>(commits_.size());
  const CommitId id(sha256("commit " + std::to_string(age) + parent.str() + message).hex().substr(0, 40));
  commits_[id] = {std::make_shared<const FakeFileView>(std::move(files)), message, parent, age, false};
  set_remote_head(id);
  return id;
}

void FakeSource::set_remote_head(const CommitId& commit) {
  const Guard guard(lock_);
  remote_head_ = commit;
  branch_removed_ = false;
}

void FakeSource::remove_branch() {
  const Guard guard(lock_);
  branch_removed_ = true;
}

void FakeSource::fail_remote(SourceProblem problem, const std::string& message, int times) {
  failure_.emplace(problem, message);
  failures_left_ = times;
}

CommitId FakeSource::parent_of(const CommitId& commit) const {
  const Guard guard(lock_);
  return commits_.at(commit).parent;
}

Blobs& FakeSource::blobs() { return *blobs_; }

void FakeSource::meet_remote() {
  ++remote_calls_;
  if (failures_left_ > 0) {
    --failures_left_;
    throw *failure_;
  }
}

RemoteHead FakeSource::ls_remote() {
  if (on_ls_remote) on_ls_remote();
  const Guard guard(lock_);
  meet_remote();
  RemoteHead out;
  out.repository_empty = commits_.empty();
  if (!branch_removed_) out.commit = remote_head_;
  // As the real one: a damaged mirror is filled again here.
  if (mirror_broken_ && !out.commit.empty()) fetch();
  return out;
}

CommitId FakeSource::fetch() {
  const Guard guard(lock_);
  meet_remote();
  ++fetches_;
  if (branch_removed_ || remote_head_.empty()) {
    throw SourceError(SourceProblem::kNotFound, "the remote has no refs/heads/main");
  }
  mirror_broken_ = false;
  for (CommitId at = remote_head_; !at.empty(); at = commits_.at(at).parent) {
    Node& node = commits_.at(at);
    if (node.fetched) continue;
    node.fetched = true;
    blobs_->add(node.files);
  }
  mirror_head_ = remote_head_;
  return remote_head_;
}

const FakeSource::Node& FakeSource::fetched(const CommitId& commit) const {
  if (mirror_broken_ || mirror_head_.empty()) {
    throw SourceError(SourceProblem::kMirrorBroken,
                      "the mirror is damaged or empty; it will be filled again");
  }
  const auto it = commits_.find(commit);
  if (it == commits_.end() || !it->second.fetched) {
    throw SourceError(SourceProblem::kNotFound, "the mirror has no commit " + commit.str());
  }
  return it->second;
}

CommitInfo FakeSource::describe(const CommitId& commit) {
  const Guard guard(lock_);
  const Node& node = fetched(commit);
  return {commit, first_line(node.message), "Test <test@example.org>",
          WallTime(std::chrono::seconds(1'700'000'000 + node.age))};
}

bool FakeSource::is_ancestor(const CommitId& ancestor, CommitId of) const {
  const Guard guard(lock_);
  for (; !of.empty(); of = commits_.at(of).parent) {
    if (of == ancestor) return true;
  }
  return false;
}

HistoryVerdict FakeSource::history(const CommitId& applied, const CommitId& head) {
  const Guard guard(lock_);
  fetched(head);
  if (applied.empty()) return HistoryVerdict::kFirst;
  if (applied == head) return HistoryVerdict::kUnchanged;
  return is_ancestor(applied, head) ? HistoryVerdict::kFastForward : HistoryVerdict::kRewritten;
}

std::unique_ptr<FileView> FakeSource::open_view(const CommitId& commit) {
  const Guard guard(lock_);
  return std::make_unique<SharedView>(fetched(commit).files);
}

std::vector<std::string> FakeSource::messages(const CommitId& applied, const CommitId& head) {
  const Guard guard(lock_);
  fetched(head);
  const auto known = commits_.find(applied);
  if (known == commits_.end() || !known->second.fetched) return {commits_.at(head).message};
  std::vector<std::string> out;
  for (CommitId at = head; !at.empty() && !is_ancestor(at, applied); at = commits_.at(at).parent) {
    out.push_back(commits_.at(at).message);
  }
  return out;
}

std::optional<CommitId> FakeSource::resolve(const std::string& rev) {
  const Guard guard(lock_);
  if (mirror_broken_)
    throw SourceError(SourceProblem::kMirrorBroken, "the mirror is damaged; it will be cloned again");
  if (rev == "HEAD" || rev == "main")
    return mirror_head_.empty() ? std::nullopt : std::optional(mirror_head_);
  if (rev.size() < 4) return std::nullopt;
  for (const auto& [id, node] : commits_) {
    if (node.fetched && id.str().starts_with(rev)) return id;
  }
  return std::nullopt;
}

void FakeSource::keep(const std::string& name, const CommitId& commit) {
  const Guard guard(lock_);
  if (name.empty()) throw SourceError(SourceProblem::kOther, "a commit is kept under a name");
  if (commit.empty()) {
    kept_.erase(name);
    return;
  }
  fetched(commit);
  kept_[name] = commit;
}

FakeNotes::FakeNotes(std::string bucket_id, std::string bucket_name, std::shared_ptr<Remote> remote)
    : bucket_id_(std::move(bucket_id)),
      bucket_name_(std::move(bucket_name)),
      remote_(remote ? std::move(remote) : std::make_shared<Remote>()) {}

void FakeNotes::fail(SourceProblem problem, const std::string& message, int times) {
  failure_.emplace(problem, message);
  failures_left_ = times;
}

void FakeNotes::publish(const std::vector<NoteSection>& sections) {
  if (failures_left_ > 0) {
    --failures_left_;
    throw *failure_;
  }
  published_.push_back(sections);
  for (const NoteSection& section : sections) {
    std::string& note = (*remote_)[section.commit];
    NoteDocument document = NoteDocument::parse(note);
    document.put(bucket_id_, bucket_name_, section.text, section.json);
    note = document.str();
  }
}

std::optional<std::string> FakeNotes::read(const CommitId& commit) {
  const auto it = remote_->find(commit);
  return it == remote_->end() ? std::nullopt : std::optional(it->second);
}

}  // namespace maand::testing
