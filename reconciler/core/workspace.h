// FileView → Workspace: everything a commit asks for, and everything wrong with it.
//
// Pure and total: any bytes give a Workspace and diagnostics, never an
// exception. The unit of failure is the job (R1.6); problems of workers.json,
// disabled.json, bucket.conf, policy.toml or the bucket.jobs.conf that counts refuse
// the whole commit (R1.3). One section of that file concerns its job alone.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "reconciler/core/bucket_conf.h"
#include "reconciler/core/diagnostics.h"
#include "reconciler/core/model.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/reason.h"
#include "reconciler/core/windows/windows.h"

namespace maand {

struct WorkspaceLimits {
  std::uint64_t max_file_bytes = 256ull << 20;  // a larger file breaks its job (R3.3)
  // Of maand.conf: which bucket.jobs.<selector>.conf counts (workspace.md 4.4); blank = bucket.jobs.conf.
  std::string job_config_selector;
  const ZoneSource* zones = nullptr;  // for policy.toml; null: UTC only
};

// A directory below `jobs/` that did not become a Job.
struct BrokenJob {
  JobName name;
  // No readable manifest: with applied state a broken job, else only a warning (R1.6).
  bool without_manifest = false;
  Diagnostics diagnostics;
};

// Jobs that load, each by itself, and do not go together. Whom it holds is decided
// by the plan: those of them whose part of it changed (R1.6).
struct BetweenJobs {
  Reason reason = Reason::kPortConflict;  // one of those "between jobs"
  std::vector<JobName> jobs;              // sorted, never empty
  Diagnostic diagnostic;
};

struct Workspace {
  std::vector<Worker> workers;  // ordered by (position, host)
  std::map<JobName, Job> jobs;  // every job that loaded without an error
  std::map<JobName, BrokenJob> broken;
  std::vector<BetweenJobs> between;  // judged over `jobs` alone
  Disabled disabled;
  BucketConf bucket;
  BucketJobsConf bucket_jobs;
  Windows windows;  // of policy.toml (R5.6)

  Diagnostics commit;    // errors here refuse the commit; nothing of it may be planned
  Diagnostics warnings;  // everything that is merely told

  bool refused() const { return commit.has_errors(); }
};

// Reads the workspace whose root is `root` in `view` ("" or "workspace").
// Cost: one pass over the tree, every blob of a job read once (for its digest).
// `digests` caches content digests by blob id across calls; may be null.
class ContentDigests {
 public:
  virtual ~ContentDigests() = default;
  virtual const Digest* find(const BlobId& blob) const = 0;
  virtual void put(const BlobId& blob, const Digest& digest) = 0;
};
Workspace load_workspace(const FileView& view, std::string_view root, const WorkspaceLimits& limits,
                         ContentDigests* digests = nullptr);

// Loads one job directory alone; how the last good content of a held job is
// read again from the commit that is kept for it (R1.7). Empty on any error of the
// job. What it reserves comes from that commit as well; settings of it that are
// not understood any more (another selector, say) leave the manifest's amounts.
std::optional<Job> load_job(const FileView& view, std::string_view root, const JobName& job,
                            const WorkspaceLimits& limits, ContentDigests* digests = nullptr);

}  // namespace maand
