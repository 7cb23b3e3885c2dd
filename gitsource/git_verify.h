// Who signed a commit of the mirror (R1.5)? Over the bytes whose hash is the commit's id, so that
// what is verified is what is applied.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "gitsource/git_options.h"
#include "gitsource/git_repo.h"
#include "reconciler/core/signatures.h"

namespace maand {

// One thread at a time. Cost: up to three processes a commit, 10 to 30 ms; what was found good
// is remembered for as long as the files of keys are the same.
class GitVerify : public Signatures {
 public:
  // Both outlive it. `stopped`: any thread; true ends a verification soon.
  GitVerify(const VerifyOptions& options, GitMirror& mirror, std::function<bool()> stopped)
      : options_(options), mirror_(mirror), stopped_(std::move(stopped)) {}

  SignatureVerdict verify(const CommitId& commit) override;
  std::vector<CommitId> chain(const CommitId& head, const std::vector<CommitId>& known,
                              std::size_t most) override;

 private:
  std::string raw(const CommitId& commit) const;
  void throw_if_stopped() const;

  const VerifyOptions& options_;
  GitMirror& mirror_;
  const std::function<bool()> stopped_;
  std::map<CommitId, SignatureVerdict> good_;
  std::string keys_;  // what the files of keys were like when `good_` was filled
};

}  // namespace maand
