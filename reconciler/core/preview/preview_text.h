// How a preview is told: the git note (R4.1), one line, and Markdown for a comment.
//
// What a stranger wrote stands in it escaped and cut: one line each in the note, and
// nothing but a code block in the Markdown, so that it can neither mention anybody nor
// load anything. The same preview gives the same bytes: no times in them.
#pragma once

#include <string>

#include "reconciler/core/ids.h"
#include "reconciler/core/preview/preview_plan.h"

namespace maand {

struct PreviewHeading {
  BucketId bucket;
  std::string bucket_name;
  std::string ref;
  CommitId commit;
  CommitId base;
};

PreviewVerdict tell_preview(const PreviewHeading& heading, const PreviewPlan& plan);

// Without a plan: kConflict (`paths` do not merge), kMerged (no note), kFailed (`problem`).
PreviewVerdict tell_conflict(const PreviewHeading& heading, const std::vector<std::string>& paths);
PreviewVerdict tell_merged(const PreviewHeading& heading);
PreviewVerdict tell_failed(const PreviewHeading& heading, const std::string& problem);

// What came from a process that read hostile input: nullopt unless every text is within
// its bounds, printable lines of UTF-8, and a note says that it is a preview of this
// bucket and commit.
bool is_sound(const PreviewVerdict& verdict, const PreviewHeading& heading);

// The state word of a note's entry that is one of ours; whether a section may be replaced.
inline constexpr const char* kPreviewState = "preview";

// Whether `note` (whole) tells of a real pass of this bucket: then no preview is written over it.
bool tells_of_a_pass(const std::string& note, const BucketId& bucket);

}  // namespace maand
