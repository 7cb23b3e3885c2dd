#include "gitsource/preview_merge.h"

#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>

#include <utility>

#include "gitsource/git_error.h"
#include "gitsource/git_repo.h"
#include "gitsource/git_tree.h"

namespace maand {
namespace {

constexpr int kBeforeAllOthers = 1000;
constexpr std::size_t kMostConflicts = 1000;

GitCommit commit_of(git_repository* repository, const CommitId& commit) {
  const git_oid id = to_oid(commit.str());
  git_commit* raw = nullptr;
  check_mirror(git_commit_lookup(&raw, repository, &id), "read a commit");
  return GitCommit(raw);
}

// What is written from now on stays in memory.
void write_to_memory(git_repository* repository) {
  git_odb* raw = nullptr;
  check_mirror(git_repository_odb(&raw, repository), "open the object database");
  const GitOdb odb(raw);
  git_odb_backend* memory = nullptr;
  check_mirror(git_mempack_new(&memory), "keep objects in memory");
  check_mirror(git_odb_add_backend(odb.get(), memory, kBeforeAllOthers), "keep objects in memory");
}

std::vector<std::string> conflicts_in(git_index* index) {
  std::vector<std::string> out;
  git_index_conflict_iterator* raw = nullptr;
  check_mirror(git_index_conflict_iterator_new(&raw, index), "read the conflicts");
  const GitConflicts iterator(raw);
  const git_index_entry* base = nullptr;
  const git_index_entry* ours = nullptr;
  const git_index_entry* theirs = nullptr;
  while (out.size() < kMostConflicts && git_index_conflict_next(&base, &ours, &theirs, iterator.get()) == 0) {
    const git_index_entry* one = ours ? ours : theirs ? theirs : base;
    out.emplace_back(one && one->path ? one->path : "?");
  }
  return out;
}

}  // namespace

class PreviewRepository::Parts {
 public:
  explicit Parts(std::string directory) : repository(std::move(directory), "refs/maand/base") {}
  GitMirror repository;
};

PreviewRepository::PreviewRepository(std::string directory)
    : parts_(std::make_unique<Parts>(std::move(directory))) {}
PreviewRepository::~PreviewRepository() = default;

std::unique_ptr<FileView> PreviewRepository::open_view(const CommitId& commit) {
  return open_git_tree(parts_->repository, commit);
}

MergedTree PreviewRepository::merge(const CommitId& head, const CommitId& commit) {
  MergedTree out;
  GitRepository repository = parts_->repository.open();
  write_to_memory(repository.get());
  const GitCommit ours = commit_of(repository.get(), head);
  const GitCommit theirs = commit_of(repository.get(), commit);
  const git_oid* our_id = git_commit_id(ours.get());
  const git_oid* their_id = git_commit_id(theirs.get());
  git_oid base;
  const int related = git_merge_base(&base, repository.get(), our_id, their_id);
  if (related == GIT_ENOTFOUND) {
    out.conflicts.emplace_back("it has no commit in common with the branch");
    return out;
  }
  check_mirror(related, "find where the histories part");
  if (git_oid_equal(&base, their_id)) {
    out.contained = true;
    return out;
  }
  if (git_oid_equal(&base, our_id)) {  // it is on top of the head: the merge is itself
    const git_oid tree = *git_commit_tree_id(theirs.get());
    out.view = open_git_tree(parts_->repository, std::move(repository), tree, commit);
    return out;
  }
  git_merge_options options = GIT_MERGE_OPTIONS_INIT;
  git_index* raw = nullptr;
  check_mirror(git_merge_commits(&raw, repository.get(), ours.get(), theirs.get(), &options), "merge");
  const GitIndex index(raw);
  if (git_index_has_conflicts(index.get())) {
    out.conflicts = conflicts_in(index.get());
    return out;
  }
  git_oid tree;
  check_mirror(git_index_write_tree_to(&tree, index.get(), repository.get()), "write the merged tree");
  out.view = open_git_tree(parts_->repository, std::move(repository), tree, commit);
  return out;
}

}  // namespace maand
