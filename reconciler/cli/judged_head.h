// What a commit (or a directory) would mean against the applied state, worked out
// without a daemon and without touching anything: behind `plan`, `why`, `render`
// and `cat`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "reconciler/cli/bucket.h"
#include "reconciler/core/desired.h"
#include "reconciler/core/plan.h"
#include "reconciler/core/rendering.h"

namespace maand {

struct JudgedHead {
  CommitId commit;    // empty for a directory
  std::string label;  // the commit, abbreviated, or the directory
  Workspace workspace;
  AppliedState applied;  // empty before the first apply
  VariableSources sources;
  VariableSources masked;  // the same with `<secret>` for every secret
  RenderSettings rendering;
  PlanSettings settings;
  Pins pins;
  Drains drained;
  // Of the newest commit, when history, signatures or a pin keep the daemon from applying it (R1.4,
  // R1.5, R5.4): why; what is worked out here is what it would mean. Empty: it may be applied.
  std::string held;
  std::optional<DesiredState> desired;  // nullopt: the commit is refused
  // Bytes of a file of a job that is shipped as it is. nullopt: it cannot be read.
  std::function<std::optional<std::string>(const JobName& job, const ShippedFile& file)> read;
  // Bytes of a file by its path in the workspace. nullopt: there is none.
  std::function<std::optional<std::string>(const std::string& path)> read_path;
  // What was in the mirror before: bytes of a blob, and the workspace of a commit. nullopt:
  // it cannot be read, or the commit is refused.
  std::function<std::optional<std::string>(const BlobId& blob)> read_blob;
  std::function<std::optional<Workspace>(const CommitId& commit)> workspace_at;
};

struct WhichHead {
  std::string commit;     // empty: the newest the remote shows, or else what the mirror has
  std::string workspace;  // a workspace directory instead of a commit
  // Secrets in the clear; else `<secret>` stands for every one, before anything is
  // rendered. REQUIRES where anything is compared with what is applied.
  bool reveal = true;
};

// Throws CommandError. Asks the remote, with the deadlines of maand.conf; when it
// does not answer, the mirror's newest commit is used and stderr says so.
JudgedHead judge_head(const Bucket& bucket, const WhichHead& which);

}  // namespace maand
