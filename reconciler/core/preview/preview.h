// What merging a proposed commit would do, and the seams round it.
//
// Whoever may open a pull request writes what is judged here: a preview is hostile
// input. It is judged in a process of its own that never had a secret (PreviewJudge),
// out of a repository of its own (PreviewRefs), and what comes back is bounded text.
// Nothing of it is ever written to the applied state (docs/previews.md).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "reconciler/core/ids.h"
#include "reconciler/core/values.h"

namespace maand {

enum class PreviewResult {
  kNothing,   // merging would change nothing that is deployed
  kChanges,   // it would; nothing of it is held
  kHeld,      // it would hold a job, or stops of one (R1.6, R5.1)
  kRefused,   // the commit as a whole would be refused (R1.3)
  kConflict,  // it does not merge
  kMerged,    // it is part of the head
  kFailed,    // it could not be judged within its limits
};
inline constexpr std::array kPreviewResults = {
    PreviewResult::kNothing,  PreviewResult::kChanges, PreviewResult::kHeld,  PreviewResult::kRefused,
    PreviewResult::kConflict, PreviewResult::kMerged,  PreviewResult::kFailed};
const char* to_string(PreviewResult result);  // "nothing", …
// kFailed for an unknown word.
PreviewResult preview_result_from(std::string_view word);

// As it is told: every text is printable UTF-8, bounded, and holds no secret.
struct PreviewVerdict {
  PreviewResult result = PreviewResult::kFailed;
  std::string summary;    // `2 to restart, 1 to start, 37 unchanged`; at most kMostPreviewSummaryBytes
  std::string note_text;  // the bucket's section of the note (R4.1); empty: no note
  std::string note_json;  // the bucket's entry, with `"state": "preview"`
  std::string markdown;   // for a comment at the git host; at most kMostPreviewMarkdownBytes
};
inline constexpr std::size_t kMostPreviewSummaryBytes = 140;  // GitHub's limit of a status
inline constexpr std::size_t kMostPreviewMarkdownBytes = 16 * 1024;
inline constexpr std::size_t kMostPreviewNoteBytes = 64 * 1024;  // of text and of json (R4.3)

// One commit to be judged, and against what.
struct PreviewTask {
  std::string ref;
  CommitId commit;
  CommitId head;      // what it would be merged into
  CommitId standing;  // what is converged to: `head`, or before it where that is refused or held
  // Secrets sealed, as they lie in the store; whoever judges hands on `<secret>`.
  ValueSnapshotPtr values;
  // Allocations that are not yet as the head wants them: what lies there is not
  // what the head renders to.
  std::vector<AllocationKey> unsettled;
};

// Judges one commit. Blocks, at most for the time limit. One thread at a time.
class PreviewJudge {
 public:
  virtual ~PreviewJudge() = default;
  // Never throws for what the preview is; kFailed with a sentence.
  virtual PreviewVerdict judge(const PreviewTask& task) = 0;
};

// The refs of previews, beside the mirror. One thread at a time; throws SourceError.
class PreviewRefs {
 public:
  virtual ~PreviewRefs() = default;
  // Sees to it that `ref` of the remote is there, seen last at `commit`: asks the remote
  // when it is not, and returns where it is now (it may have moved again). `head` is
  // what need not be sent. Throws kNotFound when it has vanished.
  virtual CommitId bring(const std::string& ref, const CommitId& commit, const CommitId& head) = 0;
  // Drops every ref that is not one of these.
  virtual void keep_only(const std::vector<std::string>& refs) = 0;
};

// The seam to whoever tells a git host: a commit status, a comment.
struct PreviewReport {
  std::string ref;  // refs/pull/7/head
  CommitId commit;
  CommitId base;  // the head it was merged with
  PreviewResult result = PreviewResult::kFailed;
  std::string summary;   // one line, at most kMostPreviewSummaryBytes
  std::string markdown;  // at most kMostPreviewMarkdownBytes; only what we escaped ourselves
};

// Called on the reconcile thread when what is to be told of a commit has changed;
// must not block. Told again after a restart: an update of the same comment, not another one.
class PreviewReports {
 public:
  virtual ~PreviewReports() = default;
  virtual void previewed(const PreviewReport& report) = 0;
};

}  // namespace maand
