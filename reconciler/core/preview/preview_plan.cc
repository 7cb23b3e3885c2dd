#include "reconciler/core/preview/preview_plan.h"

#include <algorithm>
#include <utility>

#include "reconciler/core/text.h"

namespace maand {
namespace {

PreviewAction line_of(const PlannedAction& action) {
  return {action.key,    action.action,          action.reason,
          action.detail, action.current_version, action.new_version};
}

bool is_stopped(const JobPlan& job, const AllocationKey& key) {
  return std::any_of(job.drains.begin(), job.drains.end(),
                     [&](const PlannedAction& action) { return action.key == key; });
}

// An allocation that leaves is stopped and removed: one line, as in the note of a pass.
std::vector<PreviewAction> lines_of(const Plan& plan) {
  std::vector<PreviewAction> out;
  for (const auto& [name, job] : plan.jobs) {
    for (const auto* list : {&job.drains, &job.removals, &job.handovers, &job.starts, &job.upgrades}) {
      for (const PlannedAction& action : *list) {
        if (list != &job.removals || !is_stopped(job, action.key)) out.push_back(line_of(action));
      }
    }
  }
  return out;
}

bool holds_already(const Plan& head, const JobPlan& job) {
  const auto before = head.jobs.find(job.job);
  return before != head.jobs.end() && before->second.held && before->second.held_reason == job.held_reason;
}

// Rendered from a secret: only its owner may read it.
bool is_private(const ShippedFile& file) { return file.blob.empty() && file.attributes.permissions != 0; }

// Templates that read secrets, were changed, and render to the same text with
// `<secret>`: with the real ones they need not.
std::vector<std::string> looks_the_same(const DesiredJob& before, const DesiredJob& after,
                                        const ChangedFile& changed) {
  std::vector<std::string> out;
  if (!before.job || !after.job || before.job->tree == after.job->tree || after.workers.empty() ||
      before.workers.empty())
    return out;
  const std::vector<ShippedFile>& old_files = before.content(0).files->files;
  for (const ShippedFile& file : after.content(0).files->files) {
    if (!is_private(file) || std::find(old_files.begin(), old_files.end(), file) == old_files.end()) continue;
    const std::string path = "jobs/" + after.name.str() + "/" + file.path + ".tpl";
    if (changed(path)) out.push_back(path);
  }
  return out;
}

// Digests of what was rendered with real secrets tell whether a guess is right: whoever
// proposes a plain file with the guessed text would read it off the plan.
void forget_renderings(AppliedAllocation& allocation) {
  if (!allocation.files) return;
  std::vector<ShippedFile> files = allocation.files->files;
  for (ShippedFile& file : files) {
    if (file.blob.empty()) file.content = sha256("rendered " + file.content.hex());
  }
  allocation.files = make_file_set(std::move(files));
  allocation.rendered_with.values = {};
  allocation.baseline = {};
}

}  // namespace

AppliedState masked_applied(AppliedState applied, const DesiredState& head,
                            const std::set<AllocationKey>& unsettled) {
  std::set<AllocationKey> masked;
  for (const auto& [name, job] : head.jobs) {
    if (!job.job) continue;
    for (std::size_t i = 0; i < job.workers.size(); ++i) {
      const AllocationKey key{name, head.workers[job.workers[i]].host};
      const auto found = applied.allocations.find(key);
      if (found == applied.allocations.end() || unsettled.count(key) > 0) continue;
      AppliedAllocation& allocation = found->second;
      if (!allocation.files || allocation.open) continue;
      const AllocationContent& content = job.content(i);
      // Rendered with the values that move by themselves as they were there.
      allocation.files = content.compared;
      allocation.rendered_with.values = content.with.values;
      allocation.baseline = {};
      masked.insert(key);
    }
  }
  for (auto& [key, allocation] : applied.allocations) {
    if (masked.count(key) == 0) forget_renderings(allocation);
  }
  return applied;
}

PreviewPlan plan_of_merge(const DesiredState& head, const DesiredState& merged, const Workspace& workspace,
                          const AppliedState& applied, const PlanSettings& settings,
                          const ChangedFile& changed) {
  const Plan before = make_plan(head, applied, settings);
  const Plan after = make_plan(merged, applied, settings);
  PreviewPlan out;
  out.unchanged = after.unchanged;
  std::vector<PreviewAction> due = lines_of(before);
  for (PreviewAction& action : lines_of(after)) {
    if (std::find(due.begin(), due.end(), action) != due.end()) {
      ++out.due;
      continue;
    }
    ++out.counts[to_string(action.action)];
    out.actions.push_back(std::move(action));
  }
  std::vector<std::string> held_before;
  for (const auto& [name, job] : after.jobs) {
    if (!job.held) continue;
    if (holds_already(before, job)) {
      held_before.push_back(name.str() + " (" + to_string(job.held_reason) + ")");
    } else {
      out.held.push_back({name, job.held_reason, job.held_detail});
    }
  }
  if (!held_before.empty()) {
    out.remarks.push_back("held, or not to be rendered without its secrets, without the merge as well: " +
                          join_words(held_before));
  }
  for (const auto& [name, job] : merged.jobs) {
    const auto old = head.jobs.find(name);
    if (old == head.jobs.end()) continue;
    for (const std::string& path : looks_the_same(old->second, job, changed)) {
      out.remarks.push_back(
          path +
          " reads secrets and was changed; with `<secret>` in their place it renders to the "
          "same text, with the real ones it may not");
    }
  }
  for (const auto& [name, broken] : workspace.broken) {
    const auto& all = broken.diagnostics.all();
    out.diagnostics.insert(out.diagnostics.end(), all.begin(), all.end());
  }
  for (const BetweenJobs& problem : workspace.between) out.diagnostics.push_back(problem.diagnostic);
  const auto& problems = merged.problems.all();
  out.diagnostics.insert(out.diagnostics.end(), problems.begin(), problems.end());
  const auto& warnings = workspace.warnings.all();
  out.diagnostics.insert(out.diagnostics.end(), warnings.begin(), warnings.end());
  if (!out.held.empty()) {
    out.result = PreviewResult::kHeld;
  } else if (!out.actions.empty()) {
    out.result = PreviewResult::kChanges;
  }
  return out;
}

PreviewPlan refused_merge(const Workspace& workspace) {
  PreviewPlan out;
  out.result = PreviewResult::kRefused;
  out.diagnostics = workspace.commit.all();
  return out;
}

}  // namespace maand
