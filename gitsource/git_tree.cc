#include "gitsource/git_tree.h"

#include <algorithm>
#include <string>
#include <utility>

#include "gitsource/git_error.h"
#include "gitsource/view_paths.h"

namespace maand {
namespace {

// A commit is written by somebody else: a few objects can describe 10^30 files.
constexpr std::size_t kMaxEntries = 500'000;
constexpr int kMaxDepth = 128;

EntryKind kind_of(git_filemode_t mode) {
  switch (mode) {
    case GIT_FILEMODE_BLOB_EXECUTABLE:
      return EntryKind::kExecutable;
    case GIT_FILEMODE_LINK:
      return EntryKind::kSymlink;
    case GIT_FILEMODE_COMMIT:
      return EntryKind::kSubmodule;
    default:
      return EntryKind::kRegular;
  }
}

class GitTreeView : public FileView {
 public:
  GitTreeView(GitMirror& mirror, const CommitId& commit) : mirror_(mirror), commit_(commit) {
    repository_ = mirror.open();
    const git_oid id = to_oid(commit.str());
    git_commit* raw_commit = nullptr;
    const int rc = git_commit_lookup(&raw_commit, repository_.get(), &id);
    const GitCommit owner(raw_commit);
    if (rc == GIT_ENOTFOUND) mirror.throw_missing(commit);
    check_mirror(rc, "read a commit");
    git_tree* raw_tree = nullptr;
    check_mirror(git_commit_tree(&raw_tree, owner.get()), "read a commit's tree");
    root_.reset(raw_tree);
    open_odb();
  }

  GitTreeView(GitMirror& mirror, GitRepository repository, const git_oid& tree, const CommitId& commit)
      : mirror_(mirror), commit_(commit), repository_(std::move(repository)) {
    root_ = subtree(tree);
    open_odb();
  }

  std::optional<std::string> read(std::string_view path) const override {
    return marking_broken(mirror_, [&]() -> std::optional<std::string> {
      const GitTreeEntry entry = find(path);
      if (!entry || git_tree_entry_type(entry.get()) != GIT_OBJECT_BLOB) return std::nullopt;
      git_odb_object* raw = nullptr;
      check_mirror(git_odb_read(&raw, odb_.get(), git_tree_entry_id(entry.get())), "read a file");
      const GitOdbObject object(raw);
      return std::string(static_cast<const char*>(git_odb_object_data(object.get())),
                         git_odb_object_size(object.get()));
    });
  }

  std::optional<std::vector<Entry>> list(std::string_view directory) const override {
    return marking_broken(mirror_, [&]() -> std::optional<std::vector<Entry>> {
      const GitTree tree = subtree(directory);
      if (!tree) return std::nullopt;
      std::vector<Entry> out;
      std::size_t seen = 0;
      walk(*tree, directory.empty() ? "" : std::string(directory) + "/", 0, seen, out);
      const auto before = [](const Entry& a, const Entry& b) { return a.path < b.path; };
      // git's own order of a tree is that of the full paths; a hand-made one need not have it.
      if (!std::is_sorted(out.begin(), out.end(), before)) std::stable_sort(out.begin(), out.end(), before);
      return out;
    });
  }

  std::vector<std::string> subdirectories(std::string_view directory) const override {
    return marking_broken(mirror_, [&] {
      std::vector<std::string> out;
      const GitTree tree = subtree(directory);
      for (std::size_t i = 0; tree && i < git_tree_entrycount(tree.get()); ++i) {
        const git_tree_entry* entry = git_tree_entry_byindex(tree.get(), i);
        if (git_tree_entry_type(entry) != GIT_OBJECT_TREE) continue;
        out.push_back(safe_name(entry, directory));
      }
      std::sort(out.begin(), out.end());
      return out;
    });
  }

  TreeId tree(std::string_view directory) const override {
    return marking_broken(mirror_, [&] {
      const GitTree found = subtree(directory);
      return found ? TreeId(to_hex(*git_tree_id(found.get()))) : TreeId();
    });
  }

 private:
  void open_odb() {
    git_odb* raw = nullptr;
    check_mirror(git_repository_odb(&raw, repository_.get()), "open the object database");
    odb_.reset(raw);
  }

  GitTreeEntry find(std::string_view path) const {
    if (!is_view_path(path)) return nullptr;
    git_tree_entry* raw = nullptr;
    const int rc = git_tree_entry_bypath(&raw, root_.get(), std::string(path).c_str());
    if (rc == GIT_ENOTFOUND) {
      // Either the path is not there, or a tree on the way is missing: the latter is damage.
      const git_error* error = git_error_last();
      if (error && error->klass == GIT_ERROR_ODB) check_mirror(rc, "read a directory");
      return nullptr;
    }
    check_mirror(rc, "read a directory");
    return GitTreeEntry(raw);
  }

  GitTree subtree(std::string_view directory) const {
    git_tree* raw = nullptr;
    if (directory.empty()) {
      check_mirror(git_tree_dup(&raw, root_.get()), "read a directory");
      return GitTree(raw);
    }
    const GitTreeEntry entry = find(directory);
    if (!entry || git_tree_entry_type(entry.get()) != GIT_OBJECT_TREE) return nullptr;
    return subtree(*git_tree_entry_id(entry.get()));
  }
  GitTree subtree(const git_oid& id) const {
    git_tree* raw = nullptr;
    check_mirror(git_tree_lookup(&raw, repository_.get(), &id), "read a directory");
    return GitTree(raw);
  }

  std::string safe_name(const git_tree_entry* entry, std::string_view where) const {
    const std::string name = git_tree_entry_name(entry);
    if (!is_view_path(name) || name.find('/') != std::string::npos) {
      throw SourceError(SourceProblem::kOther, "commit " + commit_.str() + " has an entry named `" + name +
                                                   "` in `" + std::string(where) +
                                                   "`, which no git makes; `git fsck` shows it");
    }
    return name;
  }

  void walk(const git_tree& tree, const std::string& prefix, int depth, std::size_t& seen,
            std::vector<Entry>& out) const {
    if (depth > kMaxDepth) {
      throw SourceError(SourceProblem::kOther, "commit " + commit_.str() + " has directories deeper than " +
                                                   std::to_string(kMaxDepth) + " levels below `" +
                                                   prefix.substr(0, 200) + "`");
    }
    const std::size_t count = git_tree_entrycount(&tree);
    seen += count;
    if (seen > kMaxEntries) {
      throw SourceError(SourceProblem::kOther, "commit " + commit_.str() + " has more than " +
                                                   std::to_string(kMaxEntries) +
                                                   " entries below one directory");
    }
    for (std::size_t i = 0; i < count; ++i) {
      const git_tree_entry* entry = git_tree_entry_byindex(&tree, i);
      std::string path = prefix + safe_name(entry, prefix);
      const git_oid* id = git_tree_entry_id(entry);
      if (git_tree_entry_type(entry) == GIT_OBJECT_TREE) {
        const GitTree below = subtree(*id);
        walk(*below, path + "/", depth + 1, seen, out);
        continue;
      }
      Entry made;
      made.path = std::move(path);
      made.kind = kind_of(git_tree_entry_filemode(entry));
      made.blob = BlobId(to_hex(*id));
      if (made.kind != EntryKind::kSubmodule) {
        git_object_t type = GIT_OBJECT_INVALID;
        size_t size = 0;
        check_mirror(git_odb_read_header(&size, &type, odb_.get(), id), "read a file's size");
        made.size_bytes = size;
      }
      out.push_back(std::move(made));
    }
  }

  GitMirror& mirror_;
  const CommitId commit_;
  GitRepository repository_;
  GitTree root_;
  GitOdb odb_;
};

}  // namespace

std::unique_ptr<FileView> open_git_tree(GitMirror& mirror, const CommitId& commit) {
  return marking_broken(mirror, [&] { return std::make_unique<GitTreeView>(mirror, commit); });
}

std::unique_ptr<FileView> open_git_tree(GitMirror& mirror, GitRepository repository, const git_oid& tree,
                                        const CommitId& commit) {
  return marking_broken(
      mirror, [&] { return std::make_unique<GitTreeView>(mirror, std::move(repository), tree, commit); });
}

}  // namespace maand
