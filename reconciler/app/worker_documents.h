// What a worker is told of itself with every operation: worker.json, jobs.json and claims.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/desired.h"
#include "reconciler/core/variables.h"

namespace maand {

// As the newest commit wants them.
struct WorkerDocuments {
  std::string worker_json;  // empty for a worker that left the workspace
  std::string jobs_json;
  std::string claims;  // R3.11; empty: as they were
};

// The jobs of each worker, and whether they are disabled there.
using JobsByWorker = std::map<WorkerHost, std::vector<std::pair<JobName, bool>>>;

// O(allocations), so only where somebody will be contacted.
JobsByWorker jobs_by_worker(const DesiredState& desired);

// `sources`: what `desired` was made from; it tells whose bucket this is, and ids that workers were told
// before.
WorkerDocuments worker_documents(const VariableSources& sources, const DesiredState& desired,
                                 const JobsByWorker& jobs, const WorkerHost& worker, std::int64_t update_seq);

}  // namespace maand
