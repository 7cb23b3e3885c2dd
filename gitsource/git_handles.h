// One-line owners for libgit2's C handles.
#pragma once

#include <git2.h>

#include <memory>

namespace maand {

template <auto Free>
struct GitFree {
  template <class T>
  void operator()(T* handle) const {
    Free(handle);
  }
};

using GitRepository = std::unique_ptr<git_repository, GitFree<git_repository_free>>;
using GitRemote = std::unique_ptr<git_remote, GitFree<git_remote_free>>;
using GitReference = std::unique_ptr<git_reference, GitFree<git_reference_free>>;
using GitObject = std::unique_ptr<git_object, GitFree<git_object_free>>;
using GitCommit = std::unique_ptr<git_commit, GitFree<git_commit_free>>;
using GitTree = std::unique_ptr<git_tree, GitFree<git_tree_free>>;
using GitTreeEntry = std::unique_ptr<git_tree_entry, GitFree<git_tree_entry_free>>;
using GitBlob = std::unique_ptr<git_blob, GitFree<git_blob_free>>;
using GitOdb = std::unique_ptr<git_odb, GitFree<git_odb_free>>;
using GitOdbObject = std::unique_ptr<git_odb_object, GitFree<git_odb_object_free>>;
using GitPatch = std::unique_ptr<git_patch, GitFree<git_patch_free>>;
using GitRevwalk = std::unique_ptr<git_revwalk, GitFree<git_revwalk_free>>;
using GitSignature = std::unique_ptr<git_signature, GitFree<git_signature_free>>;
using GitPackbuilder = std::unique_ptr<git_packbuilder, GitFree<git_packbuilder_free>>;
using GitReferenceIterator = std::unique_ptr<git_reference_iterator, GitFree<git_reference_iterator_free>>;
using GitIndex = std::unique_ptr<git_index, GitFree<git_index_free>>;
using GitConflicts = std::unique_ptr<git_index_conflict_iterator, GitFree<git_index_conflict_iterator_free>>;

}  // namespace maand
