// What hooks are run from: one desired state with its variables, kept for as long as one of
// them runs, whatever is judged meanwhile.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/app/judge.h"
#include "reconciler/core/desired_variables.h"
#include "reconciler/core/hook.h"
#include "reconciler/core/plan.h"

namespace maand {

class HookWorld {
 public:
  // `applied`: for the versions that are confirmed; not kept.
  HookWorld(DesiredState desired, JudgedPtr judged, VariableSources sources, SshDefaults ssh,
            const AppliedState& applied);
  HookWorld(const HookWorld&) = delete;
  HookWorld& operator=(const HookWorld&) = delete;

  const DesiredState& desired() const { return desired_; }
  // Null: nothing is known of the job.
  const Job* job(const JobName& name) const;
  // Where hooks know a worker to be: its address; the host itself when it is not listed.
  std::string address(const WorkerHost& host) const;
  // Placed and neither disabled nor stopped by an operator, in order.
  std::vector<AllocationKey> active(const JobName& job) const;

  // All of a call but files, values, environment and timeout. nullopt: it is not placed there.
  std::optional<HookCall> call(const AllocationKey& key, HookEvent event, const std::string& command) const;

  // Variables are for one thread at a time. REQUIRES: the lock, for as long as they are used.
  std::mutex& mutex() const { return mutex_; }
  const DesiredVariables& variables() const { return variables_; }
  const VariableSources& sources() const { return sources_; }
  std::optional<std::uint32_t> worker(const WorkerHost& host) const;

 private:
  std::vector<HookDemand> demands_of(const JobName& job, const std::string& command) const;
  std::map<std::string, std::string> certificates_of(const Job& job, std::uint32_t worker) const;

  const DesiredState desired_;
  const JudgedPtr judged_;
  const VariableSources sources_;
  const SshDefaults ssh_;
  std::map<WorkerHost, std::uint32_t> workers_;
  std::map<AllocationKey, std::string> versions_;  // confirmed
  std::set<AllocationKey> stopped_;                // by an operator
  mutable std::mutex mutex_;
  const DesiredVariables variables_;
};
using HookWorldPtr = std::shared_ptr<const HookWorld>;

}  // namespace maand
