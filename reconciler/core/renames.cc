#include "reconciler/core/renames.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "reconciler/core/holds.h"

namespace maand {
namespace {

using Contents = std::set<Digest>;

Contents contents_of(const FileSet& files) {
  Contents out;
  for (const ShippedFile& file : files.files) {
    if (file.size_bytes > 0) out.insert(file.content);
  }
  return out;
}

// More than half of the larger one, and `least` of them.
bool alike(const Contents& a, const Contents& b, std::size_t least, std::size_t& shared) {
  Contents both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  shared = both.size();
  return shared >= least && shared * 2 > std::max(a.size(), b.size());
}

// A job of that name was there before: its rename may have been reverted.
bool was_there(const JobName& job, const std::vector<const AppliedAllocation*>& workers,
               const AppliedState& applied) {
  return std::any_of(workers.begin(), workers.end(), [&](const AppliedAllocation* one) {
    return applied.forgotten.count({job, one->key.worker}) > 0;
  });
}

bool released(const std::vector<const AppliedAllocation*>& gone, const PlanSettings& settings) {
  return settings.all_removals_released ||
         std::all_of(gone.begin(), gone.end(), [&](const AppliedAllocation* allocation) {
           return settings.released_removals.count(allocation->key) > 0;
         });
}

}  // namespace

Lookalikes find_lookalikes(const DesiredState& desired, const AppliedState& applied,
                           const PlanSettings& settings) {
  Lookalikes out;
  std::map<JobName, std::vector<const AppliedAllocation*>> gone;
  for (const auto& [key, allocation] : applied.allocations) {
    if (desired.jobs.count(key.job) == 0) gone[key.job].push_back(&allocation);
  }
  if (gone.empty()) return out;
  std::map<JobName, Contents> fresh;
  for (const auto& [name, job] : desired.jobs) {
    if (!job.job || !job.job->renamed_from.empty() || has_applied_state(applied, name)) continue;
    fresh.emplace(name, contents_of(*job.job->files));
  }
  if (fresh.empty()) return out;
  for (const auto& [name, allocations] : gone) {
    if (released(allocations, settings)) continue;
    const auto known = std::find_if(allocations.begin(), allocations.end(),
                                    [](const AppliedAllocation* one) { return one->files != nullptr; });
    if (known == allocations.end()) continue;
    const Contents before = contents_of(*(*known)->files);
    for (const auto& [candidate, now] : fresh) {
      std::size_t shared = 0;
      // Many jobs share a Makefile; of one whose name comes back that is enough.
      const std::size_t least = was_there(candidate, allocations, applied) ? 1 : 2;
      if (!alike(before, now, least, shared)) continue;
      const std::string count =
          std::to_string(shared) + " of " + std::to_string(before.size()) + " files of ";
      out.by_gone.emplace(name, "jobs/" + candidate.str() + " has " + count + "it");
      out.by_new.emplace(candidate, "it has " + count + name.str());
    }
  }
  return out;
}

Renames pending_renames(const Workspace& workspace, const AppliedState& applied) {
  Renames out;
  for (const auto& [name, job] : workspace.jobs) {
    const JobName& before = job.renamed_from;
    // A name that is in use again is another job's.
    if (before.empty() || workspace.jobs.count(before) > 0 || workspace.broken.count(before) > 0) continue;
    for (auto it = applied.allocations.lower_bound({before, WorkerHost{}});
         it != applied.allocations.end() && it->first.job == before; ++it) {
      const AllocationKey now{name, it->first.worker};
      if (applied.find(now)) continue;  // it has begun under the new name: the old one leaves
      if (it->second.open) {
        out.waiting[name] = "an operation of " + it->first.str() + " is not settled, and " + name.str() +
                            " takes its directory over";
      } else {
        out.ready.emplace_back(it->first, now);
      }
    }
  }
  return out;
}

AppliedAllocation renamed(const AppliedAllocation& before, const AllocationKey& now) {
  AppliedAllocation after = before;
  after.key = now;
  after.endpoint.host = now.worker;
  if (now.job != before.key.job) {
    if (before.moved_from.empty()) after.moved_from = before.key.job;
    after.before.reset();  // the worker keeps that below the old name
  }
  return after;
}

}  // namespace maand
