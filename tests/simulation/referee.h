// What must hold in every story, counted by itself and never asked of the product.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "reconciler/core/ports.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/wish.h"

namespace maand::simulation {

class Referee {
 public:
  void committed(const CommitId& commit, const Wish& wish);

  // The daemon sends an operation, converging to `accepted`; `paused`: an operator has suspended its job.
  void on_submit(const Operation& operation, const CommitId& accepted, bool paused);
  // It reaches its worker, where `place` is as it was before.
  void on_begin(const Operation& operation, const Place& place);
  void on_end(const Operation& operation, const Place& place, const Outcome& outcome);
  // A note says `applied`.
  void on_applied(const CommitId& commit);
  // One of its hooks did: so has its rollout, and where it was a gate the job may be acted on once more.
  void hook_failed(const JobName& job, const std::string& version, bool gate);
  // The daemon has lost contact while its target runs: it is unreachable, and no part of
  // a batch any more (R2.5).
  void lost(const AllocationKey& key) { upgrading_[key.job.str()].erase(key); }
  // What only the store knew is known to nobody.
  void store_lost() { store_lost_ = true; }
  // Nothing of what the worker did is there any more.
  void replaced(const WorkerHost& worker);
  // A probe found it unhealthy: its gate may have failed, and it may be acted on once more.
  void on_unhealthy(const AllocationKey& key, const Place& place);
  // All is calm and the loop is idle: the workers are what `commit` asks for.
  void at_rest(const CommitId& commit, const std::map<AllocationKey, Place>& places);

  void broken(std::string promise) { broken_.push_back(std::move(promise)); }
  const std::vector<std::string>& broken() const { return broken_; }
  int targets() const { return targets_; }

 private:
  bool once(Wanted wanted, const AllocationKey& key, const Wish& now) const;
  bool is_held(const JobName& job, const Wish& now) const;
  bool goes_back(const Operation& operation) const;
  void check_return(const Operation& operation, const Place& place);

  std::map<CommitId, Wish> wishes_;
  std::vector<Wish> history_;
  std::set<OperationId> begun_;
  std::map<std::string, std::set<AllocationKey>> upgrading_;
  std::map<AllocationKey, std::set<std::string>> confirmed_;  // contents
  std::map<std::string, std::set<std::string>> failed_;       // versions of jobs, anywhere
  std::set<AllocationKey> unhealthy_;                         // since it was acted on last
  std::vector<std::string> broken_;
  bool store_lost_ = false;
  int targets_ = 0;
};

}  // namespace maand::simulation
