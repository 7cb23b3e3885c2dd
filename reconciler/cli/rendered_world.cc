#include "reconciler/cli/rendered_world.h"

#include <utility>

#include "reconciler/core/rendering.h"

namespace maand {

FileSide RenderedFiles::side(const ShippedFile& file) const {
  FileSide out{&file, std::nullopt, false};
  const auto found = real.find(file.path);
  if (found == real.end() || found->second.content != file.content) return out;
  const auto shown = masked.find(file.path);
  out.holds_secret = shown == masked.end() || shown->second.content != file.content;
  if (shown != masked.end()) out.text = *shown->second.text;
  return out;
}

RenderedWorld::RenderedWorld(const JudgedHead& head) : settings_(head.rendering) {
  make_variables(head, *head.desired, head.workspace);
}

RenderedWorld::RenderedWorld(const JudgedHead& head, Workspace older)
    : settings_(head.rendering), workspace_(std::move(older)), jobs_(workspace_.jobs) {
  // Only where the jobs are and which ports they have is asked for; rendered is what is looked at.
  for (auto& [name, job] : workspace_.jobs) job.templates.clear();
  AppliedState applied;
  applied.ports = head.applied.ports;
  older_ = make_desired({.commit = {},
                         .workspace = workspace_,
                         .applied = applied,
                         .kept = {},
                         .sources = head.sources,
                         .worker_root = settings_.worker_root,
                         .update_seq = settings_.update_seq,
                         .trial = true});
  make_variables(head, older_, workspace_);
}

void RenderedWorld::make_variables(const JudgedHead& head, const DesiredState& desired,
                                   const Workspace& workspace) {
  desired_ = &desired;
  real_ = std::make_unique<DesiredVariables>(desired, workspace, head.sources);
  masked_ = std::make_unique<DesiredVariables>(desired, workspace, head.masked);
}

const Job* RenderedWorld::job(const JobName& name) const {
  if (const auto own = jobs_.find(name); own != jobs_.end()) return &own->second;
  const auto found = desired_->jobs.find(name);
  return found == desired_->jobs.end() ? nullptr : found->second.job.get();
}

RenderedFiles RenderedWorld::files(const AllocationKey& key, const RenderedWith& with) const {
  RenderedFiles out;
  const Job* job = this->job(key.job);
  const auto placed = desired_->jobs.find(key.job);
  if (!job || placed == desired_->jobs.end()) return out;
  const auto render = [&](const DesiredVariables& variables, std::uint32_t worker,
                          std::map<std::string, ShippedFile>& files) {
    JobRenderer renderer(*job, variables.all(), settings_, variables.scrape());
    MadeFiles made;
    variables.make_files(*job, worker, made);  // without a certificate that cannot be had
    for (ShippedFile& file :
         renderer.preview(desired_->workers[worker], worker, with.current_version, with.update_seq, made)) {
      std::string path = file.path;
      files.emplace(std::move(path), std::move(file));
    }
  };
  for (const std::uint32_t worker : placed->second.workers) {
    if (desired_->workers[worker].host != key.worker) continue;
    render(*real_, worker, out.real);
    render(*masked_, worker, out.masked);
  }
  return out;
}

}  // namespace maand
