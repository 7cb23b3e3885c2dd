// What the templates of one commit render to, with secrets and with `<secret>` in
// their place: the one tells whether a text is the right one, the other is shown.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "reconciler/cli/judged_head.h"
#include "reconciler/core/desired_variables.h"
#include "reconciler/core/file_change.h"

namespace maand {

// Of one allocation.
struct RenderedFiles {
  std::map<std::string, ShippedFile> real, masked;  // by path

  // The text of `file` when it is what was rendered; else not known. What cannot be
  // rendered without its secrets is not known and holds one.
  FileSide side(const ShippedFile& file) const;
};

class RenderedWorld {
 public:
  // Of the judged head. Must be outlived by it. REQUIRES: head.desired.
  explicit RenderedWorld(const JudgedHead& head);
  // Of an older workspace, with the ports and values of now. Must be outlived by `head`.
  RenderedWorld(const JudgedHead& head, Workspace older);

  // nullptr: there is no such job in it.
  const Job* job(const JobName& name) const;
  // Empty when the job is not there or not placed on this worker.
  RenderedFiles files(const AllocationKey& key, const RenderedWith& with) const;

 private:
  void make_variables(const JudgedHead& head, const DesiredState& desired, const Workspace& workspace);

  RenderSettings settings_;
  Workspace workspace_;          // of an older commit, without templates
  DesiredState older_;           // of it
  std::map<JobName, Job> jobs_;  // of it, with their templates
  const DesiredState* desired_ = nullptr;
  std::unique_ptr<DesiredVariables> real_, masked_;
};

}  // namespace maand
