// How a moved ref gets into the mirror: ask, bring, and heal a damaged mirror.
#pragma once

#include "gitsource/git_child.h"
#include "gitsource/git_repo.h"

namespace maand {

// One thread at a time. All throw SourceError.
class GitFetch {
 public:
  GitFetch(const GitOptions& options, GitMirror& mirror, GitChild& child)
      : options_(options), mirror_(mirror), child_(child) {}

  // R1.3. Asks the remote only; but a mirror that is damaged, or lacks a head
  // that did not move, is filled here, so that "fetch only when the ref moved"
  // stays a safe rule for the caller.
  RemoteHead list();

  // Branch and notes ref; a mirror that turns out to be damaged is cloned again
  // at once. Returns the branch's commit. Throws kNotFound when
  // the remote has no such branch.
  CommitId bring();

  // The notes ref alone, from notes_url. Returns its commit, empty when the
  // remote has none. REQUIRES: `lock` is held.
  CommitId bring_notes(const GitMirror::Lock& lock);

 private:
  CommitId bring_once();
  CommitId peeled(const std::string& id) const;
  void restore_kept(const GitMirror::Lock& lock);

  const GitOptions& options_;
  GitMirror& mirror_;
  GitChild& child_;
};

}  // namespace maand
