#include "reconciler/core/kept_jobs.h"

#include <optional>
#include <utility>

namespace maand {

KeptJobs load_kept(const WantedJobs& wanted, const OpenCommit& open, const std::string& root,
                   const WorkspaceLimits& limits, ContentDigests* digests) {
  KeptJobs kept;
  std::map<CommitId, std::unique_ptr<FileView>> views;
  for (const auto& [name, commit] : wanted) {
    std::unique_ptr<FileView>& view = views[commit];
    std::optional<Job> job;
    try {
      if (!view) view = open(commit);
      job = load_job(*view, root, name, limits, digests);
    } catch (const SourceError& error) {
      // A commit that is gone is one job's trouble, and no reason to keep the others.
      if (error.problem() != SourceProblem::kNotFound) throw;
    }
    kept[name] = {commit, job ? std::make_shared<const Job>(std::move(*job)) : nullptr};
  }
  return kept;
}

DesiredState complete_desired(KeptJobs& kept, const std::function<DesiredState()>& make,
                              const std::function<KeptJobs(const WantedJobs&)>& load) {
  while (true) {
    DesiredState desired = make();
    if (desired.wants.empty()) return desired;
    for (auto& [name, job] : load(desired.wants)) kept[name] = std::move(job);
  }
}

}  // namespace maand
