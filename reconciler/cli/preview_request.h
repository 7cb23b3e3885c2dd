// What the daemon hands to the process that judges a preview, and what comes back.
//
// Nothing in it opens a secret: values that are sealed travel as a name without a
// value, and no path below secrets/ is named.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/plan.h"
#include "reconciler/core/preview/preview.h"
#include "reconciler/core/preview/preview_text.h"
#include "reconciler/core/workspace.h"

namespace maand {

inline constexpr const char* kPreviewJudgeVerb = "preview-judge";

struct PreviewRequest {
  PreviewHeading heading;
  CommitId standing;       // PreviewTask::standing
  std::string repository;  // of previews (gitsource/git_previews.h)
  std::string mirror;      // whose objects that borrows
  std::string store;       // the state file, opened for reading
  std::string root;        // of the workspace in the commit
  WorkspaceLimits limits;
  std::string worker_root;
  std::string ca_pem;  // the CA's certificate, which is public
  bool hooks_enabled = false;
  double max_removals = 0.5;
  int max_removals_count = -1;  // -1: the share counts
  std::int64_t lifecycle_timeout_s = 600;
  ValueSnapshotPtr values;  // every secret with an empty value
  std::vector<AllocationKey> unsettled;
  // What the process may take: enforced by the kernel where it runs.
  std::uint64_t memory_bytes = 0;  // 0: as much as there is
  std::int64_t cpu_seconds = 0;
};

std::string to_json(const PreviewRequest& request);
// Throws std::exception for what to_json did not write.
PreviewRequest preview_request_from(std::string_view json);

std::string to_json(const PreviewVerdict& verdict);
// nullopt: no verdict.
std::optional<PreviewVerdict> preview_verdict_from(std::string_view json);

// The newest values, and of every secret only that there is one.
ValueSnapshotPtr without_secrets(const ValueSnapshot& values);

}  // namespace maand
