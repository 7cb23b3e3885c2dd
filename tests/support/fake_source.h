// In-memory Source, Notes and Blobs: commits made from maps of files, failures
// switched on by the test, and a record of what was asked.
//
// Behaves as the real ones do for what the suite in tests/contract asks.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/ports.h"
#include "tests/support/fake_file_view.h"

namespace maand::testing {

// The remote and the mirror in one. Commits may be made on one thread while another one reads; what
// tests set beside them, and a copy, is for when nothing runs.
class FakeSource : public Source {
 public:
  FakeSource();

  // Adds a commit on top of the remote's head (or of `parent`) and moves the head to it.
  CommitId commit(FakeFileView files, const std::string& message = "a commit");
  CommitId commit_on(const CommitId& parent, FakeFileView files, const std::string& message = "a commit");
  void set_remote_head(const CommitId& commit);
  // The branch is gone; other refs stay.
  void remove_branch();

  // The next `times` calls that need the remote throw this.
  void fail_remote(SourceProblem problem, const std::string& message, int times = 1);
  // Called before ls_remote answers, on its thread: what happens at the remote meanwhile.
  std::function<void()> on_ls_remote;
  // Every read of the mirror throws kMirrorBroken until the next fetch.
  void break_mirror() { mirror_broken_ = true; }

  // What the fakes that work on the same commits ask.
  CommitId parent_of(const CommitId& commit) const;
  bool reaches(const CommitId& from, const CommitId& to) const { return is_ancestor(to, from); }

  int remote_calls() const { return remote_calls_; }
  int fetches() const { return fetches_; }
  const std::map<std::string, CommitId>& kept() const { return kept_; }
  Blobs& blobs();

  RemoteHead ls_remote() override;
  CommitId fetch() override;
  CommitInfo describe(const CommitId& commit) override;
  HistoryVerdict history(const CommitId& applied, const CommitId& head) override;
  std::unique_ptr<FileView> open_view(const CommitId& commit) override;
  std::vector<std::string> messages(const CommitId& applied, const CommitId& head) override;
  std::optional<CommitId> resolve(const std::string& rev) override;
  void keep(const std::string& name, const CommitId& commit) override;

 private:
  struct Node {
    std::shared_ptr<const FakeFileView> files;
    std::string message;
    CommitId parent;
    int age = 0;
    bool fetched = false;
  };
  class FakeBlobs;
  // A copy is a source of its own.
  struct Lock : std::recursive_mutex {
    Lock() = default;
    Lock(const Lock&) : Lock() {}
    Lock& operator=(const Lock&) { return *this; }
  };
  using Guard = std::lock_guard<std::recursive_mutex>;

  void meet_remote();
  const Node& fetched(const CommitId& commit) const;
  bool is_ancestor(const CommitId& ancestor, CommitId of) const;

  mutable Lock lock_;  // of all below
  std::map<CommitId, Node> commits_;
  CommitId remote_head_;
  CommitId mirror_head_;
  bool branch_removed_ = false;
  bool mirror_broken_ = false;
  std::optional<SourceError> failure_;
  int failures_left_ = 0;
  int remote_calls_ = 0;
  int fetches_ = 0;
  std::map<std::string, CommitId> kept_;
  std::shared_ptr<FakeBlobs> blobs_;
};

// Notes of one bucket on a remote that several FakeNotes may share.
class FakeNotes : public Notes {
 public:
  using Remote = std::map<CommitId, std::string>;  // whole notes

  FakeNotes(std::string bucket_id, std::string bucket_name, std::shared_ptr<Remote> remote = nullptr);

  void fail(SourceProblem problem, const std::string& message, int times = 1);
  const std::vector<std::vector<NoteSection>>& published() const { return published_; }

  void publish(const std::vector<NoteSection>& sections) override;
  std::optional<std::string> read(const CommitId& commit) override;

 private:
  const std::string bucket_id_;
  const std::string bucket_name_;
  std::shared_ptr<Remote> remote_;
  std::optional<SourceError> failure_;
  int failures_left_ = 0;
  std::vector<std::vector<NoteSection>> published_;
};

}  // namespace maand::testing
