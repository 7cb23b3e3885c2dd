#include "reconciler/core/kept_jobs.h"

#include <utility>

namespace maand {

KeptJobs load_kept(const WantedJobs& wanted, const OpenCommit& open, const std::string& root,
                   const WorkspaceLimits& limits, ContentDigests* digests) {
  KeptJobs kept;
  std::map<CommitId, std::unique_ptr<FileView>> views;
  for (const auto& [name, commit] : wanted) {
    std::unique_ptr<FileView>& view = views[commit];
    if (!view) view = open(commit);
    auto job = load_job(*view, root, name, limits, digests);
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
