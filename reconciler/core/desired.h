// Workspace → what shall be where: every job's target content, its workers, its
// ports, and the files of each allocation with their templates rendered.
//
// A job that cannot be taken from the head keeps its last good content (R1.7).
// Reading an older commit is I/O and this file is pure, so what is needed and was
// not handed in comes back in `wants`; whoever can read it does, and asks again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/drain.h"
#include "reconciler/core/model.h"
#include "reconciler/core/pin.h"
#include "reconciler/core/reason.h"
#include "reconciler/core/rendering.h"
#include "reconciler/core/variables.h"
#include "reconciler/core/workspace.h"

namespace maand {

// Content of a held job, read from an older commit. `job` null: it could not be had.
struct KeptJob {
  CommitId commit;
  std::shared_ptr<const Job> job;
};

// A value that a template of a job reads and that is not there.
struct MissingValue {
  std::string path;  // of the template, in the workspace
  int line = 0;      // from 1, as in TemplateProblem
  int column = 0;
  std::string name;  // `vars/job/api/token`
  friend bool operator==(const MissingValue&, const MissingValue&) = default;
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
  // `job` null: what it waits for places it on a worker where nothing of it runs, so that leaving another
  // one is a move, and has to wait (R2.3).
  bool moves = false;
  TreeId held_tree;  // allocations last acted on with this tree are left as they are (R2.6)
  // What the head's content lacks, each value once (MissingValues::kMost at most). Not what
  // it lacks only because another job does not work.
  std::vector<MissingValue> missing;

  HealthSpec health;  // of `job`, with the numbers of its ports

  // Of the i-th of `workers`. REQUIRES: job.
  const AllocationContent& content(std::size_t i) const { return rendered.empty() ? plain : rendered[i]; }

  AllocationContent plain;                  // without templates, all allocations have the same
  std::vector<AllocationContent> rendered;  // parallel to `workers`, or empty
};

struct DesiredState {
  CommitId commit;
  std::vector<Worker> workers;  // ordered by (position, host)
  Disabled disabled;            // by disabled.json, and by `drained`
  Drains drained;               // whom operators have emptied: disabled whatever the commit says
  std::map<JobName, DesiredJob> jobs;
  PortTable ports;  // of every declared port; to be stored before anything is started
  // A job directory without applied state does not load: removals of whole jobs
  // wait, since it may be one of them renamed (R1.6). Names them.
  std::vector<JobName> unknown_jobs;
  // What only showed when ports were given out and templates rendered.
  Diagnostics problems;
  // Content of older commits that held jobs need and that was not handed in.
  std::map<JobName, CommitId> wants;
};

struct DesiredInputs {
  CommitId commit;
  const Workspace& workspace;  // REQUIRES: !refused()
  const AppliedState& applied;
  const std::map<JobName, KeptJob>& kept;  // as far as it was asked for
  const VariableSources& sources;
  Pins pins = {};       // R5.4
  Drains drained = {};  // as of now
  std::string worker_root = "/opt/worker";
  std::int64_t update_seq = 1;  // `.UpdateSeq` of what is shipped now
  // Only `problems` and `missing` are asked for, of the workspace by itself: no job is
  // held for another's mistake or for its own past, and the state is not whole.
  bool trial = false;
  bool hooks_enabled = true;  // false: a job with commands for events of a rollout is held
};

// Cost: placement, ports, and one rendering of every template per allocation; as
// much once more for each round in which a rendering fails and its job is held.
DesiredState make_desired(const DesiredInputs& inputs);

}  // namespace maand
