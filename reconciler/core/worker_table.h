// The workers of a desired state, by their place in it: how each is reached, and what the job
// that is planned has there. A look costs O(1).
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "reconciler/core/plan.h"

namespace maand {

class WorkerTable {
 public:
  // Both are kept by reference.
  WorkerTable(const std::vector<Worker>& workers, const SshDefaults& ssh);

  std::optional<std::uint32_t> place_of(const WorkerHost& host) const;  // nullopt: it is not listed
  EndpointPtr endpoint(std::uint32_t place);
  // Of one that is not listed: as of the last contact (R3.9). `applied` may be null.
  EndpointPtr endpoint(const WorkerHost& host, const AppliedAllocation* applied);

  // Remembers it as what the job has on its worker, whose place is returned.
  std::optional<std::uint32_t> lay(const AppliedAllocation& allocation);
  const AppliedAllocation* at(std::uint32_t place) const { return laid_[place]; }  // null: nothing
  void clear();                                                                    // for the next job

 private:
  const std::vector<Worker>& workers_;
  const SshDefaults& ssh_;
  std::unordered_map<WorkerHost, std::uint32_t> places_;
  std::vector<EndpointPtr> endpoints_;  // as they are needed
  std::vector<const AppliedAllocation*> laid_;
  std::vector<std::uint32_t> used_;
};

}  // namespace maand
