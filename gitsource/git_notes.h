// Notes of commits in the mirror and on the remote (R4.4).
#pragma once

#include "gitsource/git_fetch.h"

namespace maand {

// One thread at a time, the same as GitFetch.
class GitNotes : public Notes {
 public:
  GitNotes(const GitOptions& options, GitMirror& mirror, GitChild& child, GitFetch& fetch)
      : options_(options), mirror_(mirror), child_(child), fetch_(fetch) {}

  // Two things can go wrong besides the network: another writer is faster
  // (solved here, up to kMaxRaces times) and the server refuses us (kOther, to
  // be solved by a person). Which one it was is decided by looking at the ref again.
  void publish(const std::vector<NoteSection>& sections) override;

  // As the mirror knows it since the last fetch or publish; no network.
  std::optional<std::string> read(const CommitId& commit) override;

  static constexpr int kMaxRaces = 10;

 private:
  // A notes commit on top of `tip` (may be empty) with our sections replaced;
  // empty when that would change nothing.
  CommitId build(const CommitId& tip, const std::vector<NoteSection>& sections) const;

  const GitOptions& options_;
  GitMirror& mirror_;
  GitChild& child_;
  GitFetch& fetch_;
};

}  // namespace maand
