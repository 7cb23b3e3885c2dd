// FileView over one commit, straight from the object database: no checkout.
//
// Symlinks and submodules are entries, never followed; a path with `..`, `.`
// or an empty part is nowhere. A tree whose names could leave their directory,
// or that is too deep or too large to be a workspace, is a SourceError.
#pragma once

#include <memory>

#include "gitsource/git_repo.h"

namespace maand {

// Opens a handle of its own; the view is usable on any one thread. `mirror`
// must outlive it. Throws SourceError: kNotFound when the mirror has no such
// commit, kMirrorBroken when it is damaged.
std::unique_ptr<FileView> open_git_tree(GitMirror& mirror, const CommitId& commit);

// Over a tree that `repository` has and no commit names; `commit` stands for it in messages.
std::unique_ptr<FileView> open_git_tree(GitMirror& mirror, GitRepository repository, const git_oid& tree,
                                        const CommitId& commit);

}  // namespace maand
