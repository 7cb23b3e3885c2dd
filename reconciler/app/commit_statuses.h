// The states of commits, told to the git host (docs/commit-statuses.md).
//
// What is told are the states of the history, which are those of the notes (R4.2): both are
// written by one report, so they never disagree. `pending` is told when the rollout of a commit
// has begun. What was told is in the store: a daemon that is started anew does not repeat it,
// and makes up for what it did not live to tell.
//
// Reconcile thread.
#pragma once

#include <string>

#include "reconciler/app/outbox.h"
#include "reconciler/app/pass_listener.h"
#include "reconciler/core/forge/told_states.h"
#include "reconciler/core/ports.h"

namespace maand {

struct CommitStatusSettings {
  std::string channel;     // of the outbox
  std::string context;     // `maand/prod`
  std::string target_url;  // of the dashboard; "": none
  std::string branch;
};

class CommitStatuses : public PassListener {
 public:
  // All outlive it.
  struct Deps {
    Outbox& outbox;
    Store& store;
    Clock& clock;
  };
  // Throws StoreError when what was told cannot be read.
  CommitStatuses(Deps deps, CommitStatusSettings settings);

  void moved(const Memory& memory, const AppliedState& state) override;
  void pass_ended(const Memory& memory, const AppliedState& state, const PassResult& result,
                  bool leaving) override;

  // Passes that are looked back at, for what an earlier daemon did not tell.
  static constexpr std::size_t kLookedBack = 12;

 private:
  void tell(const CommitId& commit, PassState state, const std::string& description);
  void keep();

  Deps deps_;
  const CommitStatusSettings settings_;
  const std::string key_;  // of the setting in the store
  ToldStates told_;
};

}  // namespace maand
