// Workspace → what shall be where: every job's target content and its workers.
//
// A job that cannot be taken from the head keeps its last good content (R1.7).
// Which commits that content has to be read from is asked first
// (`kept_content`), because reading them is I/O and this file is pure.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/model.h"
#include "reconciler/core/reason.h"
#include "reconciler/core/workspace.h"

namespace maand {

struct KeptJob {  // content of a held job, read from an older commit
  CommitId commit;
  Job job;
};

struct DesiredJob {
  JobName name;
  // What its allocations shall run. Null: nothing is known that could run
  // (broken from its first commit); existing allocations are left alone.
  std::shared_ptr<const Job> job;
  CommitId commit;                     // where `job` comes from
  std::vector<std::uint32_t> workers;  // indices into DesiredState::workers, ascending
  // Deployment sequence over the content of every job that is known (R2.3).
  int wave = 0;

  bool held = false;
  Reason held_reason = Reason::kUnchanged;
  std::string held_detail;
  TreeId held_tree;  // allocations last acted on with this tree are left as they are (R2.6)
};

struct DesiredState {
  CommitId commit;
  std::vector<Worker> workers;  // ordered by (position, host)
  Disabled disabled;
  std::map<JobName, DesiredJob> jobs;
  // A job directory without applied state does not load: removals of whole jobs
  // wait, since it may be one of them renamed (R1.6). Names them.
  std::vector<JobName> unknown_jobs;
};

// Which jobs need content of an older commit, and of which. Cost: one look per job.
std::map<JobName, CommitId> kept_content(const Workspace& workspace, const AppliedState& applied);

// REQUIRES: !workspace.refused(). `kept` holds what kept_content() asked for, as
// far as it could be read.
DesiredState make_desired(const CommitId& commit, const Workspace& workspace, const AppliedState& applied,
                          const std::map<JobName, KeptJob>& kept);

}  // namespace maand
