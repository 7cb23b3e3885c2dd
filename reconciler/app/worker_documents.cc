#include "reconciler/app/worker_documents.h"

#include <algorithm>

#include "reconciler/core/kept_worker_id.h"
#include "reconciler/core/worker_files.h"

namespace maand {

JobsByWorker jobs_by_worker(const DesiredState& desired) {
  JobsByWorker jobs;
  for (const auto& [name, job] : desired.jobs) {
    for (const std::uint32_t worker : job.workers) {
      const WorkerHost& host = desired.workers[worker].host;
      jobs[host].emplace_back(name, desired.disabled.covers({name, host}));
    }
  }
  return jobs;
}

WorkerDocuments worker_documents(const VariableSources& sources, const DesiredState& desired,
                                 const JobsByWorker& jobs, const WorkerHost& worker,
                                 std::int64_t update_seq) {
  const auto it = std::find_if(desired.workers.begin(), desired.workers.end(),
                               [&](const Worker& candidate) { return candidate.host == worker; });
  const auto here = jobs.find(worker);
  WorkerDocuments documents;
  if (it == desired.workers.end()) {
    documents.claims = claims_text(sources.bucket, {}, {});  // nothing of it is to stay
    return documents;
  }
  documents.worker_json = worker_json(sources.bucket, *it, update_seq, told_worker_id(sources, it->host));
  documents.jobs_json =
      jobs_json(here == jobs.end() ? std::vector<std::pair<JobName, bool>>{} : here->second);
  std::vector<const Job*> claiming;
  if (here != jobs.end()) {
    for (const auto& [name, disabled] : here->second) {
      const auto job = desired.jobs.find(name);
      if (job != desired.jobs.end() && job->second.job) claiming.push_back(job->second.job.get());
    }
  }
  documents.claims = claims_text(sources.bucket, claiming, desired.ports);
  return documents;
}

}  // namespace maand
