// What must hold for hooks in every story (workspace.md 10), counted by itself and never asked of the
// product. Content is what a job's file `conf` says.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "reconciler/core/hook.h"
#include "reconciler/core/operation.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/wish.h"

namespace maand::simulation {

class HookReferee {
 public:
  void committed(const CommitId& commit, const Wish& wish) { wishes_[commit] = wish; }
  void on_begin(const HookCall& call, const std::map<AllocationKey, Place>& places);
  void on_end(const HookCall& call, bool done);
  // The daemon sends an operation of a rollout, converging to `accepted`. `held`: of a job that is held, of
  // which no hook runs (R1.7).
  void on_submit(const Operation& operation, const CommitId& accepted, bool held);
  // All is calm and the loop is idle. `store_lost`: with it, what hooks were owed.
  void at_rest(const CommitId& commit, const std::map<AllocationKey, Place>& places, bool store_lost);

  const std::vector<std::string>& broken() const { return broken_; }
  int runs() const { return runs_; }

 private:
  bool had_no_place(const std::string& job, const std::string& conf) const;
  bool succeeded(HookEvent event, const std::string& job, const std::string& conf) const;

  std::map<CommitId, Wish> wishes_;
  std::set<std::string> done_;       // `pre_deploy api api 1.0.0 2`
  std::set<std::string> came_;       // `api 1.0.0 2`: contents that a rollout brought somewhere
  std::set<std::string> up_;         // `api@w1 1.0.0`: after_allocation_started succeeded for that
  std::set<AllocationKey> without_;  // where a target ran last while the job was held
  std::vector<std::string> broken_;
  int runs_ = 0;
};

}  // namespace maand::simulation
