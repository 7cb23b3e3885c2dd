#include "reconciler/core/preview/preview.h"

namespace maand {

const char* to_string(PreviewResult result) {
  switch (result) {
    case PreviewResult::kNothing:
      return "nothing";
    case PreviewResult::kChanges:
      return "changes";
    case PreviewResult::kHeld:
      return "held";
    case PreviewResult::kRefused:
      return "refused";
    case PreviewResult::kConflict:
      return "conflict";
    case PreviewResult::kMerged:
      return "merged";
    case PreviewResult::kFailed:
      break;
  }
  return "failed";
}

PreviewResult preview_result_from(std::string_view word) {
  for (const PreviewResult result : kPreviewResults) {
    if (word == to_string(result)) return result;
  }
  return PreviewResult::kFailed;
}

}  // namespace maand
